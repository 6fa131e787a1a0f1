/** Closing in phases: drain, cut short, hand back, flush, disconnect. */
import assert from 'node:assert/strict';
import { type CloseReport, EbusError } from '@ebus/core';
import { SkippableClock } from '@ebus/core/driver';
import { ordering, restartable } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectEnvelopes, collectMessages, labelOf, labels } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';
import { Wire } from '../test-kit/wire.js';

type Numbered = Parameters<typeof labelOf>[0];
const nothing: CloseReport = { handled: 0, abandoned: 0, unpublished: 0, timedOut: false };

/** `bus.close()`: handlers finish, unsettled messages are handed back, and the timeout bounds it all. */
export const closing: Group = ({ test, testWhere }) => {
  test('an idle bus closes with an empty report', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle);
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => seen.size === 1);
    await bus.idle();
    assert.deepEqual(await bus.close(), nothing);
  });

  test('running handlers finish, may publish, and what they did is settled', async (t) => {
    const other = t.newTopic('persistent');
    const wire = new Wire();
    const clock = new SkippableClock();
    const bus = await t.bus({ wire, createOptions: { clock } });
    const running = t.gate();
    let aborted: boolean | undefined;
    const subscription = await bus.subscribe(t.topic, async (_, { signal }) => {
      await running.promise;
      await bus.publish(other, 'published while draining');
      aborted = signal.aborted;
    });
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().running === 1);
    const closing = bus.close();
    await turns(3);
    // They have half a minute by default.
    clock.skip(10_000);
    await turns(3);
    running.resolve();
    assert.deepEqual(await closing, { ...nothing, handled: 1 });
    assert.equal(aborted, false);
    assert.equal(wire.count('acknowledged', other), 1);
    assert.deepEqual(wire.outcomes(t.topic), ['handled']);
  });

  testWhere(
    [ordering, restartable],
    'what is queued behind a running handler is handed back, in order',
    async (t) => {
      const wire = new Wire();
      const before = await t.bus({ wire });
      const running = t.gate();
      const handled: string[] = [];
      const first = await before.subscribeEnvelope(t.topic, async (envelope: Numbered) => {
        await running.promise;
        handled.push(labelOf(envelope));
      });
      for (const sequence of [1, 2, 3, 4]) await before.publishEnvelope(t.topic, event('order-1', sequence));
      await t.eventually(() => first.stats().running === 1 && first.stats().inFlight === 4);
      const closing = before.close();
      running.resolve();
      assert.deepEqual(await closing, { ...nothing, handled: 1, abandoned: 3 });
      assert.deepEqual(handled, ['order-1#1']);
      assert.deepEqual(wire.outcomes(t.topic), ['handled', 'released', 'released', 'released']);

      const after = await t.bus();
      const seen = collectEnvelopes();
      await after.subscribeEnvelope(t.topic, seen.handle);
      await after.publishEnvelope(t.topic, event('order-1', 5));
      await t.eventually(() => seen.size === 4);
      assert.deepEqual(
        labels(seen),
        [2, 3, 4, 5].map((sequence) => `order-1#${sequence}`),
      );
    },
  );

  test('past the timeout signals abort, and the report says so', async (t) => {
    const bus = await t.bus();
    let reason: unknown;
    const subscription = await bus.subscribe(
      t.topic,
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            reject(signal.reason as Error);
          });
        }),
    );
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().running === 1);
    assert.deepEqual(await bus.close({ timeout: 20 }), { ...nothing, abandoned: 1, timedOut: true });
    assert.ok(EbusError.isInstance(reason));
  });

  test('a handler that ignores its signal does not keep the bus from closing', async (t) => {
    const bus = await t.bus();
    const stuck = t.gate();
    const subscription = await bus.subscribe(t.topic, () => stuck.promise);
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().running === 1);
    assert.deepEqual(await bus.close({ timeout: 20 }), { ...nothing, abandoned: 1, timedOut: true });
  });

  for (const onExhausted of ['dead-letter', 'discard', 'halt'] as const) {
    testWhere(
      restartable,
      `a handler cut short is no failure: the next instance gets the message (${onExhausted})`,
      async (t) => {
        const wire = new Wire();
        const before = await t.bus({ wire });
        let attempts = 0;
        const subscription = await before.subscribe(
          t.topic,
          (_, { signal }) => {
            attempts++;
            return new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(new Error('gave up because of the signal')));
            });
          },
          { maxRetries: 0, onExhausted },
        );
        await before.publish(t.topic, 'hello');
        await t.eventually(() => subscription.stats().running === 1);
        const report = await before.close({ timeout: 20 });
        assert.deepEqual(report, { ...nothing, abandoned: 1, timedOut: true });
        assert.equal(attempts, 1);
        assert.equal(subscription.stats().failedAttempts, 0);
        assert.equal(wire.count('send', `${t.topic}.dlq`), 0);

        const seen = collectMessages();
        await (await t.bus()).subscribe(t.topic, seen.handle);
        await t.eventually(() => seen.size === 1);
        assert.equal(seen.items[0]?.text(), 'hello');
        assert.equal(seen.contexts[0]?.attempt, 1);
      },
    );
  }

  testWhere(restartable, 'backoff is cut short, the message handed back', async (t) => {
    const wire = new Wire();
    const before = await t.bus({ wire });
    const subscription = await before.subscribe(
      t.topic,
      () => {
        throw new Error('not now');
      },
      { retryBackoff: { base: '1h', max: '1h', jitter: false }, onExhausted: 'dead-letter' },
    );
    await before.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().failedAttempts === 1);
    assert.deepEqual(await before.close(), { ...nothing, abandoned: 1 });
    assert.equal(wire.count('send', `${t.topic}.dlq`), 0);

    const seen = collectMessages();
    await (await t.bus()).subscribe(t.topic, seen.handle);
    await t.eventually(() => seen.size === 1);
    assert.equal(seen.contexts[0]?.attempt, 1);
  });

  testWhere(restartable, 'a failure while draining is not retried but handed back', async (t) => {
    const wire = new Wire();
    const before = await t.bus({ wire });
    const running = t.gate();
    let attempts = 0;
    const subscription = await before.subscribe(
      t.topic,
      async () => {
        attempts++;
        await running.promise;
        throw new Error('not now');
      },
      { retryBackoff: { base: '1h', max: '1h', jitter: false }, onExhausted: 'dead-letter' },
    );
    await before.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().running === 1);
    const closing = before.close();
    running.resolve();
    assert.deepEqual(await closing, { ...nothing, abandoned: 1 });
    assert.equal(attempts, 1);
    assert.equal(wire.count('send', `${t.topic}.dlq`), 0);

    const seen = collectMessages();
    await (await t.bus()).subscribe(t.topic, seen.handle);
    await t.eventually(() => seen.size === 1);
  });

  testWhere(restartable, 'waiting for the rate limit is cut short, too', async (t) => {
    const before = await t.bus();
    const subscription = await before.subscribe(t.topic, () => {}, {
      rateLimit: { perSecond: 0.001, burst: 1 },
    });
    await before.publish(t.topic, '1');
    await before.publish(t.topic, '2');
    await t.eventually(() => subscription.stats().handled === 1 && subscription.stats().inFlight === 1);
    assert.deepEqual(await before.close(), { ...nothing, abandoned: 1 });
    const seen = collectMessages();
    await (await t.bus()).subscribe(t.topic, seen.handle);
    await t.eventually(() => seen.size === 1);
  });

  test('concurrent and repeated closes share one outcome', async (t) => {
    const bus = await t.bus();
    const running = t.gate();
    const subscription = await bus.subscribe(t.topic, () => running.promise);
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().running === 1);
    const closes = [bus.close(), bus.close({ timeout: 0 }), subscription.close()];
    running.resolve();
    const [first, second] = await Promise.all(closes);
    assert.deepEqual(first, { ...nothing, handled: 1 });
    assert.deepEqual(second, first);
    assert.deepEqual(await bus.close(), first);
  });
};
