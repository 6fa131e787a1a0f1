/** Retrying in place: in the lane of the aggregate, without delaying others, as often and as late as asked for. */
import assert from 'node:assert/strict';
import type { ErrorContext } from '@ebus/core';
import { SkippableClock } from '@ebus/core/driver';
import { ordering } from '../requirements.js';
import type { Group } from '../suite.js';
import { labelOf } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Numbered = { sequence: number };

/** Retries keep the order of their aggregate, delay no other, and follow the policy. */
export const retry: Group = ({ test, testWhere }) => {
  testWhere(
    ordering,
    "a failing event holds up its own aggregate's later events and no others",
    async (t) => {
      const bus = await t.bus();
      const others = t.gate();
      const log: string[] = [];
      await bus.subscribeEnvelope<Numbered>(t.topic, async (envelope, { attempt }) => {
        if (labelOf(envelope) === 'failing#1') {
          log.push(`failing#1 attempt ${attempt}`);
          if (attempt <= 3) throw new Error(`attempt ${attempt}`);
          // The fourth attempt succeeds only after the other aggregate is through: it cannot have waited for it.
          await others.promise;
        }
        log.push(`${labelOf(envelope)} handled`);
        if (labelOf(envelope) === 'other#3') others.resolve();
      });
      await bus.publishEnvelope(t.topic, event('failing', 1));
      await bus.publishEnvelope(t.topic, event('failing', 2));
      await bus.publishEnvelope(t.topic, event('failing', 3));
      for (const sequence of [1, 2, 3]) await bus.publishEnvelope(t.topic, event('other', sequence));
      await t.eventually(() => log.includes('failing#3 handled'));
      assert.deepEqual(
        log.filter((line) => line.startsWith('failing')),
        [
          ...[1, 2, 3, 4].map((attempt) => `failing#1 attempt ${attempt}`),
          ...[1, 2, 3].map((sequence) => `failing#${sequence} handled`),
        ],
      );
      assert.ok(log.indexOf('other#3 handled') < log.indexOf('failing#1 handled'));
    },
  );

  testWhere(ordering, 'an aggregate in backoff delays no other', async (t) => {
    const bus = await t.bus();
    const handled: string[] = [];
    const subscription = await bus.subscribeEnvelope<Numbered>(
      t.topic,
      (envelope) => {
        if (envelope.aggregateId === 'failing') throw new Error('not now');
        handled.push(labelOf(envelope));
      },
      { concurrency: 1, retryBackoff: { base: '1h', max: '1h', jitter: false } },
    );
    await bus.publishEnvelope(t.topic, event('failing', 1));
    await bus.publishEnvelope(t.topic, event('failing', 2));
    await t.eventually(() => subscription.stats().failedAttempts === 1);
    for (const sequence of [1, 2, 3]) await bus.publishEnvelope(t.topic, event('other', sequence));
    await t.eventually(() => handled.length === 3);
    assert.equal(subscription.stats().failedAttempts, 1);
    assert.equal(subscription.stats().inFlight, 2);
  });

  test('unordered, a message in backoff delays no other and gives its place away', async (t) => {
    const bus = await t.bus();
    const handled: string[] = [];
    const subscription = await bus.subscribe(
      t.topic,
      (message) => {
        if (message.text() === 'failing') throw new Error('not now');
        handled.push(message.text());
      },
      { concurrency: 1, retryBackoff: { base: '1h', max: '1h', jitter: false } },
    );
    await bus.publish(t.topic, 'failing', { key: 'order-1' });
    await t.eventually(() => subscription.stats().failedAttempts === 1);
    await bus.publish(t.topic, 'other', { key: 'order-1' });
    await t.eventually(() => handled.length === 1);
    assert.equal(subscription.stats().running, 0);
  });

  test('attempts are numbered from 1 and see the same message', async (t) => {
    const bus = await t.bus();
    const attempts: { attempt: number; text: string; position: unknown }[] = [];
    await bus.subscribe(t.topic, ({ position }, { attempt, message }) => {
      attempts.push({ attempt, text: message.text(), position });
      if (attempt < 3) throw new Error('again');
    });
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => attempts.length === 3);
    await bus.idle();
    const position = attempts[0]?.position;
    assert.deepEqual(
      attempts,
      [1, 2, 3].map((attempt) => ({ attempt, text: 'hello', position })),
    );
  });

  test('the default is three retries', async (t) => {
    const bus = await t.bus();
    let attempts = 0;
    const subscription = await bus.subscribe(
      t.topic,
      () => {
        attempts++;
        throw new Error('never');
      },
      { onExhausted: 'discard' },
    );
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().discarded === 1);
    assert.equal(attempts, 4);
    assert.equal(subscription.stats().failedAttempts, 4);
    assert.equal(subscription.stats().retried, 3);
  });

  test('the configured maxRetryAttempts is the default, and a subscription overrides it', async (t) => {
    const other = t.newTopic();
    const bus = await t.bus({ config: { subscriber: { errorHandling: { maxRetryAttempts: 1 } } } });
    const attempts = { configured: 0, overridden: 0 };
    const failing = (which: keyof typeof attempts) => () => {
      attempts[which]++;
      throw new Error('never');
    };
    const onExhausted = 'discard';
    const configured = await bus.subscribe(t.topic, failing('configured'), { onExhausted });
    const overridden = await bus.subscribe(other, failing('overridden'), { onExhausted, maxRetries: 2 });
    await bus.publish(t.topic, 'hello');
    await bus.publish(other, 'hello');
    await t.eventually(() => configured.stats().discarded === 1 && overridden.stats().discarded === 1);
    assert.deepEqual(attempts, { configured: 2, overridden: 3 });
  });

  test('maxRetries: 0 makes one attempt', async (t) => {
    const bus = await t.bus();
    let attempts = 0;
    const subscription = await bus.subscribe(
      t.topic,
      () => {
        attempts++;
        throw new Error('never');
      },
      { maxRetries: 0, onExhausted: 'discard' },
    );
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().discarded === 1);
    assert.equal(attempts, 1);
    assert.equal(subscription.stats().retried, 0);
  });

  test('the delays grow by the factor up to the maximum', async (t) => {
    const clock = new SkippableClock();
    const bus = await t.bus({ createOptions: { clock } });
    let attempts = 0;
    await bus.subscribe(
      t.topic,
      () => {
        attempts++;
        throw new Error('never');
      },
      { maxRetries: 9, retryBackoff: { base: '1h', factor: 3, max: '8h', jitter: false } },
    );
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => attempts === 1);
    for (const [i, hours] of [1, 3, 8, 8].entries()) {
      clock.skip(hours * HOUR_MS - MINUTE_MS);
      await turns();
      assert.equal(attempts, i + 1, `retry ${i + 1} came before its ${hours} hours`);
      clock.skip(2 * MINUTE_MS);
      await t.eventually(() => attempts === i + 2);
    }
  });

  test('with jitter, the default, no delay is longer than without', async (t) => {
    const clock = new SkippableClock();
    const bus = await t.bus({ createOptions: { clock } });
    let attempts = 0;
    await bus.subscribe(
      t.topic,
      () => {
        attempts++;
        throw new Error('never');
      },
      { maxRetries: 9, retryBackoff: { base: '1h', max: '1h' } },
    );
    await bus.publish(t.topic, 'hello');
    for (let attempt = 1; attempt <= 5; attempt++) {
      await t.eventually(() => attempts === attempt);
      clock.skip(HOUR_MS);
    }
  });

  test('onError decides: retry, discard, dead-letter', async (t) => {
    const bus = await t.bus();
    const contexts: ErrorContext[] = [];
    const errors: unknown[] = [];
    let attempts = 0;
    const subscription = await bus.subscribe(
      t.topic,
      (message) => {
        attempts++;
        throw new Error(message.text());
      },
      {
        concurrency: 1,
        onError: (error, context) => {
          errors.push((error as Error).message);
          contexts.push(context);
          const action = (error as Error).message;
          return action === 'discard' || action === 'dead-letter' ? action : 'retry';
        },
        maxRetries: 1,
        onExhausted: 'discard',
      },
    );
    const key = 'order-1';
    await bus.publish(t.topic, 'retry', { key });
    await t.eventually(() => subscription.stats().discarded === 1);
    await bus.publish(t.topic, 'discard', { key });
    await t.eventually(() => subscription.stats().discarded === 2);
    await bus.publish(t.topic, 'dead-letter', { key });
    await t.eventually(() => subscription.stats().deadLettered === 1);
    assert.deepEqual(errors, ['retry', 'retry', 'discard', 'dead-letter']);
    assert.equal(attempts, 4);
    assert.deepEqual(
      contexts.map(({ attempt, retriesLeft }) => [attempt, retriesLeft]),
      [
        [1, 1],
        [2, 0],
        [1, 1],
        [1, 1],
      ],
    );
    assert.equal(contexts[0]?.topic, t.topic);
    assert.equal(contexts[0]?.group, subscription.group);
    const [letter] = await t.deadLetters(bus);
    assert.equal(letter?.text(), 'dead-letter');
  });

  test('an onError that throws is no decision: the failure is handled as without it', async (t) => {
    const bus = await t.bus();
    let attempts = 0;
    const subscription = await bus.subscribe(
      t.topic,
      () => {
        attempts++;
        throw new Error('never');
      },
      {
        maxRetries: 1,
        onExhausted: 'discard',
        onError: () => {
          throw new Error('onError is broken');
        },
      },
    );
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().discarded === 1);
    assert.equal(attempts, 2);
  });
};
