/** A service on a real broker whose handler fails on one event until it is mended, for the steps of an operator. */
import { createEventBus, type EventBusConfig, type Plugin } from '@ebus/core';
import { eventually } from '../../../conformance/src/test-kit/eventually.js';
import { uniqueName } from '../../../conformance/src/test-kit/unique-name.js';
import { Workshop } from './recorded-io.js';

/** Also on a machine that is busy. */
export const PATIENCE_MS = 60_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Publishes `a`, `poison` and `b` with the key `order-1`; `poison` is a dead letter when it resolves. */
export async function poisonedService(plugin: Plugin, section: object, options: object = {}) {
  const [service, topic] = [uniqueName('service'), `${uniqueName('shop')}.orders`];
  const config = { ...section, serviceName: service, topics: { [topic]: options } } as EventBusConfig;
  const shop = await Workshop.with(config);
  const bus = await createEventBus(config, { plugins: [plugin], logger: silent });
  let isMended = false;
  const handled: string[] = [];
  const handle = (message: { text(): string }) => {
    if (message.text() === 'poison' && !isMended) throw new Error('no stock');
    handled.push(message.text());
  };
  const subscription = await bus.subscribe(topic, handle, { maxRetries: 0, concurrency: 1 });
  for (const text of ['a', 'poison', 'b']) await bus.publish(topic, text, { key: 'order-1' });
  await eventually(PATIENCE_MS, () => subscription.stats().deadLettered === 1 && handled.length === 2);

  /** As the guide has it: found, shown, and redriven once the cause is fixed. */
  const redrive = async () => {
    const [letter] = await shop.json<{ message: { position: string } }[]>('dlq', 'list', topic);
    const position = letter?.message.position ?? '';
    const { out } = await shop.run(['dlq', 'show', topic, position]);
    isMended = true;
    const redriven = await shop.json('dlq', 'redrive', topic, position, '--yes');
    await eventually(PATIENCE_MS, () => handled.includes('poison'));
    return { shown: out, redriven, left: await shop.json('dlq', 'list', topic) };
  };
  return {
    ...{ service, topic, shop, redrive },
    [Symbol.asyncDispose]: async () => {
      await bus.close();
      await shop[Symbol.asyncDispose]();
    },
  };
}
