/** Configures topics by template, shows what the rules refuse, and finds and mends what does not keep them. */
import { ConfigError, createEventBus, TopicBuilder } from '@ebus/core';
import { memory } from '@ebus/memory';
import { governance, templates } from './rules.js';

const TOPICS = ['business.orders', 'business.payments.eu', 'audit.logins', 'metrics.latency'];
const logger = { debug() {}, info() {}, warn() {}, error: console.error };

const governed = await createEventBus({ type: 'memory' }, { plugins: [memory], governance, logger });
console.log('By template:');
for (const { topic, action, unsupported } of await templates.apply(governed, TOPICS)) {
  // The in-process transport has no replicas or partitions, and says so; Kafka has.
  console.log(`  ${topic}: ${action}, not in this transport: ${unsupported.join(', ')}`);
}

console.log('Refused:');
try {
  await new TopicBuilder('business.refunds').withReplication(1).ephemeral().build(governed);
} catch (error) {
  if (!ConfigError.isInstance(error)) throw error;
  for (const { message } of error.problems) console.log(`  ${message}`);
}
await governed.close();

// A service that was set up before there were rules.
const old = await createEventBus(
  {
    type: 'memory',
    topics: { 'business.invoices': { retention: '30d' }, 'metrics.errors': { retention: '7d' } },
  },
  { plugins: [memory], logger },
);
const report = await governance.enforce(old, { fix: true });
console.log('Found, and mended:');
for (const { message } of report.violations) console.log(`  ${message}`);
console.log(`  left to do: ${report.remaining.length}`);
console.log(`  business.invoices now: ${JSON.stringify(old.topics.get('business.invoices'))}`);
await old.close();
