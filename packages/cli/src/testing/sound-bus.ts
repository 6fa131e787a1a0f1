/** A service that works, on a real broker: the doctor has nothing to say, and looking leaves nothing behind. */
import { createEventBus, type EventBus, type EventBusConfig, type Plugin } from '@ebus/core';
import { expect } from 'vitest';
import type { Finding } from '../doctor/finding.js';
import { Workshop } from './recorded-io.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const PATIENCE = { timeout: 60_000 };

/** A service, and the broker's own view of it. */
export interface Sound {
  readonly plugin: Plugin;
  readonly config: EventBusConfig & { readonly serviceName: string };
  /** One of the configuration's. */
  readonly topic: string;
  /** All that a command could leave behind: groups, consumers, topics, messages. */
  traces(bus: EventBus): Promise<unknown>;
}

/** Runs the doctor, and each command that looks, beside the service. */
export async function expectSound({ plugin, config, topic, traces }: Sound): Promise<void> {
  await using bus = await createEventBus(config, { plugins: [plugin], logger: silent });
  await bus.topics.apply(config.topics ?? {});
  const subscription = await bus.subscribe(topic, () => {});
  await bus.publish(topic, 'a', { key: 'a' });
  await expect.poll(() => subscription.stats().handled, PATIENCE).toBe(1);
  await expect.poll(async () => (await bus.inspect.groups(topic))[0]?.lag, PATIENCE).toBe(0);
  await using shop = await Workshop.with(config);
  const before = await traces(bus);
  const found = await shop.json<Finding[]>('doctor');
  expect(found.filter(({ severity }) => severity !== 'info')).toEqual([]);
  for (const args of [
    ['topics', 'list'],
    ['topics', 'describe', topic],
    ['groups', topic],
    ['lag', topic],
    ['tail', topic, '--from', 'earliest', '--limit', '1'],
    ['tail', topic, '--from', `group:${config.serviceName}`, '--no-follow'],
    ['dlq', 'list', topic],
    ['dlq', 'keys', topic],
  ])
    expect((await shop.run(args)).code, args.join(' ')).toBe(0);
  expect(await traces(bus)).toEqual(before);
}
