/** What is committed is there as it was given; what is not committed is not there. */
import assert from 'node:assert/strict';
import { EbusError } from '@ebus/core';
import { eventOf, namesOf, TOPIC } from '../scenario.js';
import type { Group } from '../suite.js';

/** Saving: events appear at the commit with every field, and not after a rollback. */
export const saving: Group = ({ test }) => {
  test('an event is there once its transaction has committed', async (scenario) => {
    await scenario.save('a1');
    assert.deepEqual(await scenario.claimNames(), ['a1']);
  });

  test('a transaction that is rolled back leaves nothing', async (scenario) => {
    const transaction = await scenario.begin();
    await scenario.store.save(transaction.tx, eventOf('a1'));
    await transaction.rollback();
    assert.deepEqual(await scenario.claimNames(), []);
    assert.deepEqual(await scenario.store.stats(), {
      pending: 0,
      failed: 0,
      oldestAt: undefined,
      oldestAgeMs: 0,
    });
  });

  test('events of one save, and of one transaction, keep their order', async (scenario) => {
    const transaction = await scenario.begin();
    await scenario.store.save(transaction.tx, eventOf('b1'), eventOf('a1'), eventOf('b2'));
    await scenario.store.save(transaction.tx, eventOf('a2'));
    await transaction.commit();
    assert.deepEqual(await scenario.claimNames(), ['b1', 'a1', 'b2', 'a2']);
  });

  test('every field comes back as it was', async (scenario) => {
    const { envelope } = eventOf('order-1:7', {
      timestamp: new Date('2025-02-03T04:05:06.789Z'),
      payload: { text: 'größer ≥ 1 𝄞 "\\\n', list: [1, 2.5, -0.001, 1e21], deep: { none: null, yes: true } },
      traceId: '0af7651916cd43dd8448eb211c80319c',
      correlationId: 'checkout-1',
      tenantId: 42,
    });
    const headers = [
      ['origin', 'web'],
      ['origin', 'again'],
      ['bytes', Buffer.from([0, 255, 10])],
    ] as const;
    const transaction = await scenario.begin();
    await scenario.store.save(transaction.tx, { topic: TOPIC, envelope, headers, aggregateType: 'Order' });
    await transaction.commit();
    const [event] = await scenario.store.claim(1, 1000);
    assert.deepEqual(event?.envelope, envelope);
    assert.deepEqual(event?.headers, headers);
    assert.deepEqual([event?.topic, event?.aggregateType], [TOPIC, 'Order']);
    assert.deepEqual([event?.id, event?.attempts, event?.retryCount], [envelope.eventId, 0, 0]);
  });

  test('a payload of a megabyte comes back', async (scenario) => {
    const payload = { text: 'x'.repeat(1_000_000) };
    const transaction = await scenario.begin();
    await scenario.store.save(transaction.tx, eventOf('a1', { payload }));
    await transaction.commit();
    const [event] = await scenario.store.claim(1, 1000);
    assert.deepEqual(event?.envelope.payload, payload);
  });

  test('an id that is there already is refused', async (scenario) => {
    const event = eventOf('a1');
    const first = await scenario.begin();
    await scenario.store.save(first.tx, event);
    await first.commit();
    const second = await scenario.begin();
    await assert.rejects(
      scenario.store.save(second.tx, event),
      (error) => EbusError.isInstance(error) && error.code === 'INVALID_ARGUMENT',
    );
    await second.rollback();
    assert.deepEqual(namesOf(await scenario.store.claim(10, 1000)), ['a1']);
  });

  test('a handle that is in no transaction is refused, and nothing is written', async (scenario) => {
    const { outside } = scenario;
    if (outside === undefined) return;
    for (const events of [[eventOf('a1')], [eventOf('a1'), eventOf('a2')]]) {
      await assert.rejects(
        scenario.store.save(outside, ...events),
        (error) => EbusError.isInstance(error) && error.code === 'INVALID_ARGUMENT',
      );
    }
    await assert.rejects(scenario.store.save({} as never, eventOf('a1')), /save needs/);
    assert.deepEqual(await scenario.claimNames(), []);
  });
};
