/** A service that uses everything, closes its bus, and should end by itself: `address`, then `there`, `away` or `killed`. */
import { createEventBus, type EventBusConfig } from '@ebus/core';
import { kafka } from '../index.js';

const [address = '', situation = 'there'] = process.argv.slice(2);
const topic = `closing.${process.pid}`;
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const config: EventBusConfig = {
  type: 'kafka',
  serviceName: `closing-${process.pid}`,
  connect: situation === 'away' ? 'lazy' : 'eager',
  topics: { [topic]: {} },
  healthCheck: { enabled: true, subscriber: {} },
  publisher: { backlogDetection: { enabled: true } },
  subscriber: { backlogDetection: { enabled: true } },
  kafka: { brokers: [address] },
};
const bus = await createEventBus(config, { plugins: [kafka], logger });
const subscribing = bus.subscribe(topic, () => {}).catch(() => {});
if (situation !== 'away') {
  await subscribing;
  await bus.publish(topic, 'hello');
  await bus.idle({ timeout: '20s' });
}
if (situation === 'killed') {
  process.stdout.write('kill it\n');
  await new Promise<void>((resolve) => bus.on('reconnecting', () => resolve()));
  bus.connection.reconnect().catch(() => {});
}
const began = performance.now();
await bus.close({ timeout: 500 });
process.stdout.write(`closed after ${Math.round(performance.now() - began)} ms\n`);
