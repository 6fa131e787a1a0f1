/** `subscribeEnvelope`: in order and one at a time per aggregate, different aggregates in parallel. */
import assert from 'node:assert/strict';
import { createEnvelope, encodeEnvelope } from '@ebus/core';
import { ordering } from '../requirements.js';
import type { Group } from '../suite.js';
import { type EventPayload, labelOf } from '../test-kit/collector.js';
import { ConcurrencyMeter, Rendezvous } from '../test-kit/concurrency.js';
import { event, interleaved } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';
import { SequenceCheck } from '../test-kit/sequence-check.js';

const AGGREGATES = 100;
const EVENTS_EACH = 100;

/** Events of one aggregate never overlap and never change their order; aggregates run in parallel. */
export const orderedDelivery: Group = ({ testWhere }) => {
  testWhere(
    ordering,
    '10,000 events of 100 aggregates: each aggregate in order, one at a time',
    async (t) => {
      const bus = await t.bus();
      const meter = new ConcurrencyMeter();
      const sequences = new SequenceCheck();
      await bus.subscribeEnvelope<{ sequence: number }>(t.topic, ({ aggregateId, payload }) =>
        meter.watch(aggregateId, async () => {
          await turns(payload.sequence % 3);
          sequences.add(aggregateId, payload.sequence);
        }),
      );
      const report = await bus.publishEnvelopes(t.topic, interleaved(AGGREGATES, EVENTS_EACH));
      assert.deepEqual(report, { published: AGGREGATES * EVENTS_EACH, failed: [] });
      await t.eventually(() => sequences.total >= AGGREGATES * EVENTS_EACH);
      await bus.idle();
      sequences.assertComplete(AGGREGATES, EVENTS_EACH);
      assert.equal(meter.peakPerKey, 1);
      assert.ok(meter.peak > 1, 'different aggregates ran in parallel');
    },
  );

  testWhere(ordering, 'different aggregates run at once, as many as concurrency says', async (t) => {
    const bus = await t.bus();
    const meter = new ConcurrencyMeter();
    const rounds = new Rendezvous(3);
    let handled = 0;
    await bus.subscribeEnvelope(
      t.topic,
      ({ aggregateId }) =>
        meter.watch(aggregateId, async () => {
          await rounds.meet();
          await turns(2);
          handled++;
        }),
      { concurrency: 3 },
    );
    // One event each: where a topic has partitions, nothing says that three aggregates are left for the last round.
    await bus.publishEnvelopes(t.topic, interleaved(9, 1));
    await t.eventually(() => handled === 9);
    assert.equal(meter.peak, 3);
    assert.equal(meter.peakPerKey, 1);
  });

  testWhere(ordering, 'an aggregate waits for its own earlier event and for nobody else', async (t) => {
    const bus = await t.bus();
    const slow = t.gate();
    const done: string[] = [];
    await bus.subscribeEnvelope<{ sequence: number }>(t.topic, async (envelope) => {
      if (labelOf(envelope) === 'slow#1') await slow.promise;
      done.push(labelOf(envelope));
    });
    await bus.publishEnvelope(t.topic, event('slow', 1));
    await bus.publishEnvelope(t.topic, event('slow', 2));
    for (let i = 1; i <= 5; i++) await bus.publishEnvelope(t.topic, event('quick', i));
    await t.eventually(() => done.length === 5);
    assert.deepEqual(
      done,
      [1, 2, 3, 4, 5].map((i) => `quick#${i}`),
    );
    slow.resolve();
    await t.eventually(() => done.length === 7);
    assert.deepEqual(done.slice(5), ['slow#1', 'slow#2']);
  });

  testWhere(
    ordering,
    'an aggregate is found in the body where neither key nor header names it',
    async (t) => {
      const bus = await t.bus();
      const meter = new ConcurrencyMeter();
      const sequences = new SequenceCheck();
      await bus.subscribeEnvelope<{ sequence: number }>(t.topic, ({ aggregateId, payload }) =>
        meter.watch(aggregateId, async () => {
          await turns(1);
          sequences.add(aggregateId, payload.sequence);
        }),
      );
      // One at a time: without a key nothing else orders them on the way.
      for (const input of interleaved(3, 20))
        await bus.publish(t.topic, encodeEnvelope(createEnvelope(input)));
      await t.eventually(() => sequences.total === 60);
      assert.equal(meter.peakPerKey, 1);
    },
  );

  testWhere(ordering, 'no two events of an aggregate run at once, whatever their keys say', async (t) => {
    const bus = await t.bus();
    const meter = new ConcurrencyMeter();
    let handled = 0;
    await bus.subscribeEnvelope(t.topic, ({ aggregateId }) =>
      meter.watch(aggregateId, async () => {
        await turns(5);
        handled++;
      }),
    );
    const encoded = (sequence: number) => encodeEnvelope(createEnvelope(event('order-1', sequence)));
    for (let round = 0; round < 5; round++) {
      await Promise.all([
        bus.publishEnvelope(t.topic, event('order-1', 1)),
        bus.publish(t.topic, encoded(2), { key: 'order-2' }),
        bus.publish(t.topic, encoded(3), { key: ' order-1 ' }),
        bus.publish(t.topic, encoded(4)),
      ]);
    }
    await t.eventually(() => handled === 20);
    assert.equal(meter.peakPerKey, 1);
  });

  testWhere(ordering, 'with laneBy: key, an event under a foreign key fails for good', async (t) => {
    const bus = await t.bus();
    const handled: string[] = [];
    const failed: string[] = [];
    bus.on('deadLettered', ({ error }) => void failed.push((error as Error).message));
    await bus.subscribeEnvelope<EventPayload>(t.topic, (envelope) => void handled.push(labelOf(envelope)), {
      laneBy: 'key',
      onExhausted: 'dead-letter',
    });
    await bus.publish(t.topic, encodeEnvelope(createEnvelope(event('order-1', 1))), { key: 'order-2' });
    await bus.publishEnvelope(t.topic, event('order-1', 2));
    await bus.publish(t.topic, encodeEnvelope(createEnvelope(event('order-1', 3))));
    await t.eventually(() => handled.length === 2 && failed.length === 1);
    assert.deepEqual(handled.sort(), ['order-1#2', 'order-1#3']);
    assert.match(failed[0] ?? '', /key 'order-2', and its envelope the aggregate 'order-1'/);
  });
};
