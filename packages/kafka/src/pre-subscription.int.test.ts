/** Many topics of one group: one consumer, one rebalance, and nothing skipped before its handler is there. */
import type { EventBus } from '@ebus/core';
import { sharedService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { kafka } from './index.js';
import { Cleanup, event, eventually, History, kafkaBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('kafka');

const five = () => Array.from({ length: 5 }, () => uniqueName('topic'));
const configured = (topics: readonly string[]) =>
  Object.fromEntries(topics.map((topic) => [topic, { partitions: 4 }]));

/** How often the group's assignment changed, by what the client itself is told, but for the first time. */
async function countRebalances(bus: EventBus): Promise<() => number> {
  const consumer = () => kafka.native(bus).consumers.get(bus.serviceName);
  await eventually(() => consumer() !== undefined);
  let count = 0;
  consumer()?.on('rebalance', () => count++);
  return () => count - 1;
}

async function publishAll(
  topics: readonly string[],
  count: number,
  histories: Map<string, History>,
  from = 0,
) {
  const publisher = cleanup.add(
    await kafkaBus(addresses, { common: { topics: configured(topics) } }),
    (bus) => bus.close(),
  );
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const topic = topics[i % topics.length] as string;
      const [id, sequence] = [`order-${i % 50}`, from + Math.floor(i / 50)];
      await publisher.publishEnvelope(topic, event(id, sequence));
      histories.get(topic)?.accept(id, sequence);
    }),
  );
}

describe('five topics subscribed concurrently', () => {
  it.each([false, true])(
    'deliver all of 10,000 envelopes after at most one further rebalance (declared: %s)',
    async (declared) => {
      const topics = five();
      const histories = new Map(topics.map((topic) => [topic, new History()]));
      await publishAll(topics, 5_000, histories);
      const settings = declared ? { consumer: { topics } } : {};
      const bus = cleanup.add(await kafkaBus(addresses, { kafka: settings }), (one) => one.close());
      const counting = countRebalances(bus);
      await Promise.all(
        topics.map((topic) =>
          bus.subscribeEnvelope<{ sequence: number }>(topic, ({ aggregateId, payload }) =>
            histories.get(topic)?.handle(aggregateId, payload.sequence),
          ),
        ),
      );
      await publishAll(topics, 5_000, histories, 100);
      const handled = () => [...histories.values()].reduce((sum, { handledCount }) => sum + handledCount, 0);
      await eventually(() => handled() === 10_000, 'every envelope is handled');
      await bus.idle();
      for (const history of histories.values()) history.check();
      expect((await counting)()).toBeLessThanOrEqual(1);
    },
    60_000,
  );
});

it('a declared topic whose handler comes much later delivers all of it, in order', async () => {
  const [early = '', late = ''] = five();
  const topics = [early, late];
  const histories = new Map(topics.map((topic) => [topic, new History()]));
  const publish = () => publishAll(topics, 1_000, histories);
  const bus = cleanup.add(
    await kafkaBus(addresses, { common: { topics: configured(topics) }, kafka: { consumer: { topics } } }),
    (one) => one.close(),
  );
  const counting = countRebalances(bus);
  const subscribe = (topic: string) =>
    bus.subscribeEnvelope<{ sequence: number }>(topic, ({ aggregateId, payload }) =>
      histories.get(topic)?.handle(aggregateId, payload.sequence),
    );
  await subscribe(early);
  await publish();
  await eventually(() => histories.get(early)?.handledCount === 500);
  // Longer than everything that could give up on a topic without a reader: polls, ticks, several commits.
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  expect(histories.get(late)?.handledCount).toBe(0);
  await subscribe(late);
  await eventually(() => histories.get(late)?.handledCount === 500);
  for (const history of histories.values()) history.check();
  expect((await counting)()).toBe(0);
}, 60_000);
