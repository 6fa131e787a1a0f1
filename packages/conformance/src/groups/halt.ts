/** `onExhausted: 'halt'`: the key stands still until it is retried, skipped or the service restarts. */
import assert from 'node:assert/strict';
import { ordering, restartable } from '../requirements.js';
import type { Group } from '../suite.js';
import { labelOf } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';

type Numbered = Parameters<typeof labelOf>[0];
const halting = { maxRetries: 1, onExhausted: 'halt' } as const;

/** A halted key stands still without stopping others, until it is retried, skipped or redelivered. */
export const halt: Group = ({ test, testWhere }) => {
  testWhere(
    ordering,
    'the key stops, others go on, and retryHalted gives it its attempts afresh',
    async (t) => {
      const bus = await t.bus();
      let broken = true;
      const attempts: number[] = [];
      const handled: string[] = [];
      const handler = (envelope: Numbered, { attempt }: { attempt: number }) => {
        if (labelOf(envelope) === 'halting#1') {
          attempts.push(attempt);
          if (broken) throw new Error('broken');
        }
        handled.push(labelOf(envelope));
      };
      const subscription = await bus.subscribeEnvelope(t.topic, handler, halting);
      await bus.publishEnvelope(t.topic, event('halting', 1));
      await bus.publishEnvelope(t.topic, event('halting', 2));
      await t.eventually(() => subscription.stats().halted === 1);
      await bus.publishEnvelope(t.topic, event('other', 1));
      await t.eventually(() => handled.length === 1);
      assert.deepEqual(handled, ['other#1']);
      assert.deepEqual(attempts, [1, 2]);

      subscription.retryHalted();
      await t.eventually(() => attempts.length === 4 && subscription.stats().halted === 1);
      broken = false;
      subscription.retryHalted();
      await t.eventually(() => handled.length === 3);
      assert.deepEqual(attempts, [1, 2, 1, 2, 1]);
      assert.deepEqual(handled, ['other#1', 'halting#1', 'halting#2']);
      assert.equal(subscription.stats().halted, 0);
      assert.equal(subscription.stats().deadLettered, 0);
    },
  );

  testWhere(ordering, 'retryHalted with a key leaves other halted keys alone', async (t) => {
    const bus = await t.bus();
    const attempts: string[] = [];
    const handler = ({ aggregateId }: Numbered) => {
      attempts.push(aggregateId);
      throw new Error('broken');
    };
    const subscription = await bus.subscribeEnvelope(t.topic, handler, { ...halting, maxRetries: 0 });
    await bus.publishEnvelope(t.topic, event('one', 1));
    await bus.publishEnvelope(t.topic, event('two', 1));
    await t.eventually(() => subscription.stats().halted === 2);
    subscription.retryHalted('two');
    await t.eventually(() => attempts.length === 3 && subscription.stats().halted === 2);
    assert.equal(attempts[2], 'two');
    assert.equal(attempts.filter((key) => key === 'one').length, 1);
  });

  testWhere(ordering, 'skipHalted dead-letters the message and goes on with the key', async (t) => {
    const bus = await t.bus();
    const handled: string[] = [];
    const handler = (envelope: Numbered) => {
      if (labelOf(envelope) === 'halting#1') throw new Error('broken');
      handled.push(labelOf(envelope));
    };
    const subscription = await bus.subscribeEnvelope(t.topic, handler, halting);
    await bus.publishEnvelope(t.topic, event('halting', 1));
    await bus.publishEnvelope(t.topic, event('halting', 2));
    await t.eventually(() => subscription.stats().halted === 1);
    await subscription.skipHalted('halting');
    await t.eventually(() => handled.length === 1);
    assert.deepEqual(handled, ['halting#2']);
    assert.equal(subscription.stats().deadLettered, 1);
    assert.equal(subscription.stats().halted, 0);
    const [letter] = await t.deadLetters(bus);
    assert.equal(letter?.key, 'halting');
    assert.equal(letter?.headers.get('X-Error-Message'), 'broken');
  });

  testWhere(ordering, 'pause and resume do not touch a halted key', async (t) => {
    const bus = await t.bus();
    const handled: string[] = [];
    let attempts = 0;
    const handler = (envelope: Numbered) => {
      if (envelope.aggregateId === 'halting') {
        attempts++;
        throw new Error('broken');
      }
      handled.push(labelOf(envelope));
    };
    const subscription = await bus.subscribeEnvelope(t.topic, handler, { ...halting, maxRetries: 0 });
    await bus.publishEnvelope(t.topic, event('halting', 1));
    await t.eventually(() => subscription.stats().halted === 1);
    subscription.pause();
    subscription.resume();
    await bus.publishEnvelope(t.topic, event('halting', 2));
    await bus.publishEnvelope(t.topic, event('other', 1));
    await t.eventually(() => handled.length === 1);
    assert.equal(attempts, 1);
    assert.equal(subscription.stats().halted, 1);
  });

  test('unordered, the whole subscription stops; the message stays unsettled', async (t) => {
    const bus = await t.bus();
    let broken = true;
    const handled: string[] = [];
    const subscription = await bus.subscribe(
      t.topic,
      (message) => {
        if (message.text() === 'halting' && broken) throw new Error('broken');
        handled.push(message.text());
      },
      { ...halting, concurrency: 1 },
    );
    const witness: string[] = [];
    await bus.subscribe(t.topic, (message) => void witness.push(message.text()), {
      group: `${t.service}-witness`,
    });
    await bus.publish(t.topic, 'halting', { key: 'order-1' });
    await t.eventually(() => subscription.stats().halted === 1);
    await bus.publish(t.topic, 'later', { key: 'order-1' });
    await t.eventually(() => witness.includes('later'));
    assert.deepEqual(handled, []);
    assert.ok(subscription.stats().inFlight >= 1);
    broken = false;
    subscription.retryHalted();
    await t.eventually(() => handled.length === 2);
    assert.deepEqual(handled.sort(), ['halting', 'later']);
  });

  testWhere(
    [ordering, restartable],
    'a restart redelivers a halted message, its attempts begin afresh',
    async (t) => {
      const before = await t.bus();
      const failing = () => {
        throw new Error('broken');
      };
      const subscription = await before.subscribeEnvelope(t.topic, failing, halting);
      await before.publishEnvelope(t.topic, event('halting', 1));
      await before.publishEnvelope(t.topic, event('halting', 2));
      await t.eventually(() => subscription.stats().halted === 1 && subscription.stats().inFlight === 2);
      const report = await before.close();
      assert.deepEqual(report, { handled: 0, abandoned: 2, unpublished: 0, timedOut: false });

      const after = await t.bus();
      const handled: string[] = [];
      const handler = (envelope: Numbered, { attempt }: { attempt: number }) =>
        void handled.push(`${labelOf(envelope)} attempt ${attempt}`);
      await after.subscribeEnvelope(t.topic, handler, halting);
      await t.eventually(() => handled.length === 2);
      assert.deepEqual(handled, ['halting#1 attempt 1', 'halting#2 attempt 1']);
    },
  );
};
