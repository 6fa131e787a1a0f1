/** A service that is configured by a YAML file, with variables and environments. */
import { fileURLToPath } from 'node:url';
import { ConfigError, createEventBus, loadConfig } from '@ebus/core';
import { memory } from '@ebus/memory';

const plugins = [memory];
const file = process.argv[2] ?? fileURLToPath(new URL('../billing.yaml', import.meta.url));

async function main(): Promise<void> {
  const bus = await createEventBus(await loadConfig(file, { plugins }), { plugins });

  await bus.subscribeEnvelope<{ total: number }>('shop.orders', ({ aggregateId, payload }) => {
    console.log(`${bus.serviceName} bills ${aggregateId}: ${payload.total}`);
  });
  const order = { aggregateId: 'order-1', eventType: 'OrderPlaced', eventVersion: 1, payload: { total: 42 } };
  await bus.publishEnvelope('shop.orders', order);
  await bus.idle();
  for (const topic of bus.topics.list()) {
    console.log(topic, JSON.stringify(bus.topics.get(topic)));
  }
  await bus.close();
}

try {
  await main();
} catch (error) {
  if (!ConfigError.isInstance(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
