/** Handlers that take too long, obey their signal or ignore it. */
import assert from 'node:assert/strict';
import { ProcessingTimeoutError } from '@ebus/core';
import { SkippableClock } from '@ebus/core/driver';
import { ordering } from '../requirements.js';
import type { Group } from '../suite.js';
import { labelOf } from '../test-kit/collector.js';
import { ConcurrencyMeter } from '../test-kit/concurrency.js';
import { event } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';

/** How far to skip ahead at a time, while waiting for the bus to lose patience with a handler. */
const SKIP_MS = 200;

type Numbered = Parameters<typeof labelOf>[0];

/** Rejects when the signal aborts, as a handler does that passes its signal on. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

/** Handlers past their timeout: the signal aborts, and the key stays reserved while the handler still runs. */
export const processingTimeout: Group = ({ test, testWhere }) => {
  test('a handler that obeys its signal fails with ProcessingTimeoutError and is retried', async (t) => {
    const bus = await t.bus();
    const reasons: unknown[] = [];
    const errors: unknown[] = [];
    const subscription = await bus.subscribe(
      t.topic,
      async (_, { attempt, signal }) => {
        if (attempt > 2) return;
        await untilAborted(signal).catch((reason: unknown) => {
          reasons.push(reason);
          throw reason;
        });
      },
      {
        processingTimeout: 10,
        onError: (error) => {
          errors.push(error);
          return 'retry';
        },
      },
    );
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().handled === 1);
    assert.equal(subscription.stats().failedAttempts, 2);
    assert.equal(errors.length, 2);
    assert.ok(errors.every((error) => ProcessingTimeoutError.isInstance(error)));
    assert.ok(reasons.every((reason) => ProcessingTimeoutError.isInstance(reason)));
  });

  test('what times out in every attempt is dead-lettered as PROCESSING_TIMEOUT', async (t) => {
    const bus = await t.bus();
    const subscription = await bus.subscribe(t.topic, (_, { signal }) => untilAborted(signal), {
      processingTimeout: 5,
      maxRetries: 1,
      onExhausted: 'dead-letter',
    });
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().deadLettered === 1);
    const [letter] = await t.deadLetters(bus);
    assert.equal(letter?.headers.get('X-Error-Code'), 'PROCESSING_TIMEOUT');
    assert.equal(letter?.headers.get('X-Attempts'), '2');
  });

  test('the configured processTimeout is the default', async (t) => {
    const bus = await t.bus({ config: { subscriber: { processTimeout: 5 } } });
    const subscription = await bus.subscribe(t.topic, (_, { signal }) => untilAborted(signal), {
      maxRetries: 0,
      onExhausted: 'discard',
    });
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().discarded === 1);
  });

  testWhere(
    ordering,
    'a handler that ignores its signal holds its key: neither retry nor successor overlaps',
    async (t) => {
      const clock = new SkippableClock();
      const bus = await t.bus({ createOptions: { clock } });
      const stuck = t.gate();
      const meter = new ConcurrencyMeter();
      const log: string[] = [];
      let overrunning = 0;
      bus.on('overrunning', () => void overrunning++);
      const subscription = await bus.subscribeEnvelope(
        t.topic,
        (envelope: Numbered, { attempt }) =>
          meter.watch(envelope.aggregateId, async () => {
            if (labelOf(envelope) === 'slow#1' && attempt === 1) await stuck.promise;
            log.push(`${labelOf(envelope)} attempt ${attempt}`);
          }),
        { processingTimeout: 10 },
      );
      await bus.publishEnvelope(t.topic, event('slow', 1));
      await bus.publishEnvelope(t.topic, event('slow', 2));
      await t.eventually(() => {
        clock.skip(SKIP_MS);
        return overrunning === 1;
      });
      assert.equal(subscription.stats().overrunning, 1);
      await bus.publishEnvelope(t.topic, event('other', 1));
      await t.eventually(() => log.length === 1);
      await turns();
      assert.deepEqual(log, ['other#1 attempt 1']);
      stuck.resolve();
      await t.eventually(() => subscription.stats().handled === 3);
      // Too late is a failure also where the handler ended well after all.
      assert.deepEqual(log, [
        'other#1 attempt 1',
        'slow#1 attempt 1',
        'slow#1 attempt 2',
        'slow#2 attempt 1',
      ]);
      assert.equal(meter.peakPerKey, 1);
      assert.equal(subscription.stats().overrunning, 0);
    },
  );

  test('unordered, a handler that ignores its signal keeps its place and its message', async (t) => {
    const clock = new SkippableClock();
    const bus = await t.bus({ createOptions: { clock } });
    const stuck = t.gate();
    const meter = new ConcurrencyMeter();
    const subscription = await bus.subscribe(
      t.topic,
      (message, { attempt }) =>
        meter.watch(message.text(), async () => {
          if (message.text() === 'slow' && attempt === 1) await stuck.promise;
        }),
      { processingTimeout: 10, concurrency: 1 },
    );
    await bus.publish(t.topic, 'slow', { key: 'order-1' });
    await t.eventually(() => {
      clock.skip(SKIP_MS);
      return subscription.stats().overrunning === 1;
    });
    assert.equal(subscription.stats().handled, 0);
    assert.equal(subscription.stats().running, 1);
    stuck.resolve();
    await t.eventually(() => subscription.stats().handled === 1);
    assert.equal(meter.peak, 1);
  });

  testWhere(ordering, 'overlapAfter is the permission to go on regardless', async (t) => {
    const bus = await t.bus();
    const stuck = t.gate();
    const log: string[] = [];
    const subscription = await bus.subscribeEnvelope(
      t.topic,
      async (envelope: Numbered, { attempt }) => {
        if (labelOf(envelope) === 'slow#1' && attempt === 1) await stuck.promise;
        log.push(`${labelOf(envelope)} attempt ${attempt}`);
      },
      { processingTimeout: 10, overlapAfter: 10 },
    );
    await bus.publishEnvelope(t.topic, event('slow', 1));
    await bus.publishEnvelope(t.topic, event('slow', 2));
    await t.eventually(() => log.length === 2);
    assert.deepEqual(log, ['slow#1 attempt 2', 'slow#2 attempt 1']);
    assert.equal(subscription.stats().overrunning, 1);
    stuck.resolve();
    await t.eventually(() => subscription.stats().overrunning === 0);
    await bus.idle();
    assert.equal(subscription.stats().handled, 2);
  });

  for (const when of ['at once', 'later'] as const) {
    test(`extendDeadline, called ${when}, gives the attempt more time`, async (t) => {
      const clock = new SkippableClock();
      const bus = await t.bus({ createOptions: { clock } });
      const running = t.gate();
      const extended = t.gate();
      let aborted: boolean | undefined;
      const subscription = await bus.subscribe(
        t.topic,
        async (_, context) => {
          if (when === 'later') await turns(1);
          context.extendDeadline('1h');
          // Not a way to have less.
          context.extendDeadline('1s');
          extended.resolve();
          await running.promise;
          aborted = context.signal.aborted;
        },
        { processingTimeout: '1m', maxRetries: 0, onExhausted: 'discard' },
      );
      await bus.publish(t.topic, 'hello');
      await extended.promise;
      await turns(1);
      clock.skip(59 * 60_000);
      await turns(1);
      running.resolve();
      await t.eventually(() => subscription.stats().handled === 1);
      assert.equal(aborted, false);
    });
  }

  test('the extended deadline is one, too', async (t) => {
    const clock = new SkippableClock();
    const bus = await t.bus({ createOptions: { clock } });
    const extended = t.gate();
    const subscription = await bus.subscribe(
      t.topic,
      async (_, context) => {
        await turns(1);
        context.extendDeadline('1h');
        extended.resolve();
        await untilAborted(context.signal);
      },
      { processingTimeout: '1m', maxRetries: 0, onExhausted: 'discard' },
    );
    await bus.publish(t.topic, 'hello');
    await extended.promise;
    await turns(1);
    clock.skip(61 * 60_000);
    await t.eventually(() => subscription.stats().discarded === 1);
  });
};
