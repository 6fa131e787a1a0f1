/** Bounded windows: a handler that does not keep up bounds what is fetched, and loses nothing. */
import assert from 'node:assert/strict';
import { ordering, redelivery, replay } from '../requirements.js';
import type { Group } from '../suite.js';
import { event, interleaved } from '../test-kit/events.js';
import { settledValue } from '../test-kit/eventually.js';
import { SequenceCheck } from '../test-kit/sequence-check.js';

/** The bound of one subscription's window in bytes. */
const WINDOW_BYTES = 64 * 1024 * 1024;

/** Messages that an unordered subscription of few handlers may have unsettled. */
const UNORDERED_WINDOW = 256;

/** Credit in messages and bytes: the adapter never delivers more than core has room for. */
export const backpressure: Group = ({ testWhere, capabilities }) => {
  testWhere(
    [redelivery, replay],
    'of what waits on the broker as many are fetched as there is room for, and no more',
    async (t) => {
      const bus = await t.bus();
      const total = 3 * UNORDERED_WINDOW;
      await Promise.all(Array.from({ length: total }, (_, i) => bus.publish(t.topic, `${i}`)));
      const blocked = t.gate();
      const handled = new Set<string>();
      const subscription = await bus.subscribe(
        t.topic,
        async (message) => {
          await blocked.promise;
          handled.add(message.text());
        },
        { concurrency: 2, from: 'earliest' },
      );
      await t.eventually(() => subscription.stats().inFlight >= UNORDERED_WINDOW, 'the window is full');
      assert.equal(await settledValue(() => subscription.stats().inFlight), UNORDERED_WINDOW);
      blocked.resolve();
      await t.eventually(() => handled.size === total);
    },
  );

  testWhere(
    [redelivery, replay, ordering],
    'of an aggregate that waits on the broker as many are fetched as may queue, and no more',
    async (t) => {
      const [queueSize, concurrency, total] = [20, 2, 200];
      const bus = await t.bus({ config: { keyedWorkerPool: { queueSize } } });
      await bus.publishEnvelopes(t.topic, interleaved(1, total));
      const blocked = t.gate();
      const sequences = new SequenceCheck();
      const subscription = await bus.subscribeEnvelope<{ sequence: number }>(
        t.topic,
        async ({ aggregateId, payload }) => {
          await blocked.promise;
          sequences.add(aggregateId, payload.sequence);
        },
        { concurrency, from: 'earliest' },
      );
      await t.eventually(() => subscription.stats().inFlight >= queueSize, 'the queue is full');
      const inFlight = await settledValue(() => subscription.stats().inFlight);
      // The window has room for as many of another aggregate.
      assert.ok(inFlight < queueSize * concurrency, `${inFlight} of ${total} events were fetched`);
      blocked.resolve();
      await t.eventually(() => sequences.total === total);
      sequences.assertComplete(1, total);
    },
  );

  testWhere(
    redelivery,
    'unordered, a blocked handler bounds what is fetched, and nothing is lost',
    async (t) => {
      const bus = await t.bus();
      const blocked = t.gate();
      const handled = new Set<string>();
      const subscription = await bus.subscribe(
        t.topic,
        async (message) => {
          await blocked.promise;
          handled.add(message.text());
        },
        { concurrency: 2 },
      );
      const total = 5_000;
      await Promise.all(Array.from({ length: total }, (_, i) => bus.publish(t.topic, `${i}`)));
      await t.eventually(() => subscription.stats().running === 2);
      const inFlight = await settledValue(() => subscription.stats().inFlight);
      assert.ok(inFlight < total / 2, `${inFlight} of ${total} messages were fetched for 2 handlers`);
      blocked.resolve();
      await t.eventually(() => handled.size === total);
    },
  );

  testWhere(
    [redelivery, ordering],
    'ordered, one blocked aggregate bounds what is fetched of it',
    async (t) => {
      const [queueSize, concurrency] = [20, 2];
      const bus = await t.bus({ config: { keyedWorkerPool: { queueSize } } });
      const blocked = t.gate();
      const sequences = new SequenceCheck();
      const subscription = await bus.subscribeEnvelope<{ sequence: number }>(
        t.topic,
        async ({ aggregateId, payload }) => {
          await blocked.promise;
          sequences.add(aggregateId, payload.sequence);
        },
        { concurrency },
      );
      // Where the client keeps no order over retries, each of an aggregate waits for the answer to the one before.
      const total = 500;
      await bus.publishEnvelopes(t.topic, interleaved(1, total));
      await t.eventually(() => subscription.stats().running === 1);
      const inFlight = await settledValue(() => subscription.stats().inFlight);
      // The window has room for as many of another aggregate.
      assert.ok(inFlight < queueSize * concurrency, `${inFlight} of ${total} events were fetched`);
      blocked.resolve();
      await t.eventually(() => sequences.total === total);
      sequences.assertComplete(1, total);
    },
  );

  testWhere(redelivery, 'the window is bounded in bytes as well', async (t) => {
    const bus = await t.bus();
    const size = 900_000;
    const total = Math.ceil((WINDOW_BYTES * 1.2) / size);
    const data = new Uint8Array(size);
    const publish = async () => {
      for (let i = 0; i < total; i++) await bus.publish(t.topic, data);
    };
    // So that all of it could come at once.
    if (capabilities.replay) await publish();
    const blocked = t.gate();
    let handled = 0;
    const subscription = await bus.subscribe(
      t.topic,
      async () => {
        await blocked.promise;
        handled++;
      },
      { concurrency: 200, ...(capabilities.replay ? { from: 'earliest' } : {}) },
    );
    if (!capabilities.replay) await publish();
    await t.eventually(() => subscription.stats().inFlightBytes > WINDOW_BYTES - size);
    const bytes = await settledValue(() => subscription.stats().inFlightBytes);
    assert.ok(bytes < WINDOW_BYTES + size + 10_000, `${bytes} bytes were fetched`);
    blocked.resolve();
    await t.eventually(() => handled === total);
  });

  testWhere([redelivery, ordering], 'an aggregate that stands still does not stop the others', async (t) => {
    const bus = await t.bus();
    const blocked = t.gate();
    let handled = 0;
    await bus.subscribeEnvelope(t.topic, async ({ aggregateId }) => {
      if (aggregateId === 'blocked') await blocked.promise;
      handled++;
    });
    await bus.publishEnvelope(t.topic, event('blocked', 1));
    await bus.publishEnvelopes(t.topic, interleaved(20, 50));
    await t.eventually(() => handled === 1000);
    blocked.resolve();
    await t.eventually(() => handled === 1001);
  });
};
