/** What a stopped instance had not settled comes again: in order, before newer events of its key, and nothing else. */
import assert from 'node:assert/strict';
import { individualSettling, ordering, restartable } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectEnvelopes, type labelOf, labels } from '../test-kit/collector.js';
import { DeliveryWire } from '../test-kit/delivery-wire.js';
import { event, interleaved } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';
import { SequenceCheck } from '../test-kit/sequence-check.js';

type Numbered = Parameters<typeof labelOf>[0];

/** After a restart, unsettled messages come again and settled ones do not. */
export const restart: Group = ({ prove, testWhere }) => {
  testWhere(
    [restartable, ordering],
    'unsettled events come again in order, before newer ones of their key',
    async (t) => {
      const before = await t.bus();
      const stuck = t.gate();
      const subscription = await before.subscribeEnvelope(t.topic, () => stuck.promise);
      await before.publishEnvelopes(t.topic, interleaved(3, 5));
      await t.eventually(() => subscription.stats().running === 3);
      const report = await before.close({ timeout: 10 });
      stuck.resolve();
      assert.equal(report.handled, 0);

      const after = await t.bus();
      const sequences = new SequenceCheck();
      const contexts: boolean[] = [];
      await after.publishEnvelopes(
        t.topic,
        [1, 2, 3].map((n) => event(`order-${n - 1}`, 6)),
      );
      await after.subscribeEnvelope<{ sequence: number }>(
        t.topic,
        ({ aggregateId, payload }, { deliveryCount, attempt }) => {
          sequences.add(aggregateId, payload.sequence);
          contexts.push(attempt === 1 && (deliveryCount === undefined || deliveryCount >= 1));
        },
      );
      await t.eventually(() => sequences.total >= 18);
      await after.idle();
      sequences.assertComplete(3, 6);
      assert.ok(contexts.every(Boolean));
    },
  );

  testWhere(restartable, 'where the broker counts deliveries, a second one shows', async (t) => {
    const before = await t.bus();
    const stuck = t.gate();
    const first = collectEnvelopes();
    const subscription = await before.subscribeEnvelope(t.topic, (envelope: Numbered, context) => {
      first.handle(envelope, context);
      return stuck.promise;
    });
    await before.publishEnvelope(t.topic, event('order-1', 1));
    await t.eventually(() => subscription.stats().running === 1);
    await before.close({ timeout: 10 });
    stuck.resolve();

    const second = collectEnvelopes();
    await (await t.bus()).subscribeEnvelope(t.topic, second.handle);
    await t.eventually(() => second.size === 1);
    const [once, again] = [first.contexts[0], second.contexts[0]];
    assert.equal(once?.redelivered, false);
    if (once?.deliveryCount !== undefined) {
      assert.ok((again?.deliveryCount ?? 0) > once.deliveryCount);
      assert.equal(again?.redelivered, true);
    }
  });

  testWhere(restartable, 'what was handled does not come again', async (t) => {
    const before = await t.bus();
    const seen = collectEnvelopes();
    await before.subscribeEnvelope(t.topic, seen.handle);
    for (const sequence of [1, 2, 3]) await before.publishEnvelope(t.topic, event('order-1', sequence));
    await t.eventually(() => seen.size === 3);
    await before.close();

    const after = await t.bus();
    const again = collectEnvelopes();
    await after.subscribeEnvelope(t.topic, again.handle);
    await after.publishEnvelope(t.topic, event('order-1', 4));
    await t.eventually(() => labels(again).includes('order-1#4'));
    assert.deepEqual(labels(again), ['order-1#4']);
  });

  testWhere(
    [restartable, individualSettling],
    'nor does what was handled after an unsettled event of another key',
    async (t) => {
      const before = await t.bus();
      const stuck = t.gate();
      const subscription = await before.subscribeEnvelope(t.topic, (envelope: Numbered) =>
        envelope.aggregateId === 'stuck' ? stuck.promise : undefined,
      );
      await before.publishEnvelope(t.topic, event('stuck', 1));
      for (const sequence of [1, 2]) await before.publishEnvelope(t.topic, event('handled', sequence));
      await t.eventually(() => subscription.stats().handled === 2);
      await before.close({ timeout: 10 });
      stuck.resolve();

      const after = await t.bus();
      const again = collectEnvelopes();
      await after.subscribeEnvelope(t.topic, again.handle);
      await after.publishEnvelope(t.topic, event('handled', 3));
      await t.eventually(() => again.size >= 2);
      await after.idle();
      assert.deepEqual(labels(again).sort(), ['handled#3', 'stuck#1']);
    },
  );

  testWhere(
    [restartable, ordering],
    'what a member had when it left and did not settle comes to the others, in order',
    async (t) => {
      const wire = new DeliveryWire();
      const leaving = await t.bus({ wire });
      wire.loseSettlements();
      const lost = collectEnvelopes();
      await leaving.subscribeEnvelope(t.topic, lost.handle);
      for (const sequence of [1, 2, 3]) await leaving.publishEnvelope(t.topic, event('order-1', sequence));
      await t.eventually(() => lost.size === 3, 'it has handled them, and the broker does not know');
      await leaving.close();
      const seen = collectEnvelopes();
      await (await t.bus()).subscribeEnvelope(t.topic, seen.handle);
      await t.eventually(() => seen.size === 3, 'another has them');
      assert.deepEqual(labels(seen), ['order-1#1', 'order-1#2', 'order-1#3']);
    },
  );

  prove(
    ['broker.network'],
    restartable,
    'what is on its way to a subscription when it closes is not lost',
    async (t) => {
      const bus = await t.bus();
      const seen = new Set<string>();
      const handle = (message: { text(): string }) => void seen.add(message.text());
      const subscription = await bus.subscribe(t.topic, handle, { concurrency: 1 });
      subscription.pause();
      for (const text of ['1', '2', '3']) await bus.publish(t.topic, text, { key: 'order-1' });
      t.broker.network.holdAnswers();
      // Its requests pass, and what they bring comes once it has been told to stop.
      subscription.resume();
      await turns(20);
      const closing = subscription.close();
      await turns(20);
      t.broker.network.heal();
      await closing;
      await bus.subscribe(t.topic, handle, { concurrency: 1 });
      await t.eventually(() => seen.size === 3, 'the next one has it');
    },
  );

  testWhere(
    [restartable, ordering],
    'a chain of restarts in mid-work loses nothing and keeps the order',
    async (t) => {
      const sequences = new SequenceCheck();
      const publisher = await t.bus();
      const report = await publisher.publishEnvelopes(t.topic, interleaved(10, 50));
      assert.equal(report.published, 500);
      for (let life = 1; life <= 5; life++) {
        const bus = await t.bus();
        await bus.subscribeEnvelope<{ sequence: number }>(t.topic, async ({ aggregateId, payload }) => {
          await new Promise((resolve) => setImmediate(resolve));
          sequences.add(aggregateId, payload.sequence);
        });
        await t.eventually(() => sequences.total >= Math.min(life * 100, 500));
        await bus.close();
      }
      sequences.assertCompleteAtLeastOnce(10, 50);
    },
  );
};
