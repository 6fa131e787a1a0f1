/** `subscription.update`: a live subscription works faster or slower. */
import assert from 'node:assert/strict';
import { ConfigError } from '@ebus/core';
import type { Group } from '../suite.js';
import { collectMessages, type EventPayload, texts } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';

/** Concurrency and rate limit change on a live subscription without loss or reordering. */
export const updating: Group = ({ test }) => {
  test('more handlers run at once from then on, and fewer once those that run have ended', async (t) => {
    const bus = await t.bus();
    const gates = Array.from({ length: 6 }, () => t.gate());
    let running = 0;
    const subscription = await bus.subscribe(
      t.topic,
      async (message) => {
        running++;
        await gates[Number(message.text())]?.promise;
        running--;
      },
      { concurrency: 1 },
    );
    for (const number of gates.keys()) await bus.publish(t.topic, String(number));
    await t.eventually(() => running === 1);
    subscription.update({ concurrency: 4 });
    await t.eventually(() => running === 4);
    subscription.update({ concurrency: 1 });
    assert.equal(running, 4);
    for (const gate of gates) gate.resolve();
    await t.eventually(() => subscription.stats().handled === 6);
  });

  test('the order of each aggregate stays, whatever is changed meanwhile, and nothing is lost', async (t) => {
    const bus = await t.bus();
    const seen = new Map<string, number[]>();
    const subscription = await bus.subscribeEnvelope<EventPayload>(
      t.topic,
      async ({ aggregateId, payload }) => {
        await new Promise((resolve) => setImmediate(resolve));
        seen.set(aggregateId, [...(seen.get(aggregateId) ?? []), payload.sequence]);
      },
      { concurrency: 2 },
    );
    const changes = [
      { concurrency: 16 },
      { concurrency: 1 },
      { rateLimit: { perSecond: 5_000 } },
      { concurrency: 3 },
    ];
    for (let version = 1; version <= 20; version++) {
      for (let n = 0; n < 5; n++) await bus.publishEnvelope(t.topic, event(`order-${n}`, version));
      subscription.update(changes[version % changes.length] ?? {});
    }
    await t.eventually(() => subscription.stats().handled === 100);
    const versions = Array.from({ length: 20 }, (_, index) => index + 1);
    for (const order of seen.values()) assert.deepEqual(order, versions);
    assert.equal(seen.size, 5);
  });

  test('a rate limit is set and lifted while messages wait for it', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    const subscription = await bus.subscribe(t.topic, seen.handle, { concurrency: 1 });
    subscription.update({ rateLimit: { perSecond: 0.001, burst: 1 } });
    for (const text of ['1', '2', '3', '4']) await bus.publish(t.topic, text, { key: 'order-1' });
    await t.eventually(() => seen.size === 1);
    await t.eventually(() => subscription.stats().inFlight > 0);
    assert.deepEqual(texts(seen), ['1']);
    subscription.update({ rateLimit: { perSecond: Number.POSITIVE_INFINITY } });
    await t.eventually(() => seen.size === 4);
    assert.deepEqual(texts(seen), ['1', '2', '3', '4']);
  });

  test('anything else is refused, and nothing of it is changed', async (t) => {
    const bus = await t.bus();
    const subscription = await bus.subscribe(t.topic, () => {});
    const wrong = [
      { concurrency: 0 },
      { concurrency: '4' },
      { rateLimit: 5 },
      { rateLimit: { perSecond: -1 } },
      { rateLimit: { burst: 5 } },
      { rateLimit: null },
      { concurrency: 4, group: 'other' },
      { maxRetries: 3 },
      7,
    ];
    for (const changes of wrong) {
      assert.throws(
        () => subscription.update(changes as never),
        (error) => ConfigError.isInstance(error),
        JSON.stringify(changes),
      );
    }
    await subscription.close();
    subscription.update({ concurrency: 3 });
  });
};
