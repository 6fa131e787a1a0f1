/** The inbox: an event is let through once per consumer. */
import assert from 'node:assert/strict';
import { EbusError } from '@ebus/core';
import { Inbox } from '../../inbox/inbox.js';
import type { Scenario } from '../scenario.js';
import type { Group } from '../suite.js';

async function committed<Tx>(scenario: Scenario<Tx>, consumer: string, eventId: string): Promise<boolean> {
  const { tx, commit } = await scenario.begin();
  const { ran } = await new Inbox(scenario.inbox).once(tx, consumer, eventId, () => {});
  await commit();
  return ran;
}

/** The inbox: one handling per consumer and event, bound to the transaction. */
export const inbox: Group = ({ test, testConcurrent }) => {
  test('an event is handled once per consumer', async (scenario) => {
    assert.equal(await committed(scenario, 'billing', 'e1'), true);
    assert.equal(await committed(scenario, 'billing', 'e1'), false);
    assert.equal(await committed(scenario, 'shipping', 'e1'), true);
    assert.equal(await committed(scenario, 'billing', 'e2'), true);
  });

  test('twice in one transaction is once', async (scenario) => {
    const { tx, commit } = await scenario.begin();
    assert.equal(await scenario.inbox.record(tx, 'billing', 'e1'), true);
    assert.equal(await scenario.inbox.record(tx, 'billing', 'e1'), false);
    await commit();
  });

  test('a transaction that is rolled back has not handled it', async (scenario) => {
    const { tx, rollback } = await scenario.begin();
    assert.equal(await scenario.inbox.record(tx, 'billing', 'e1'), true);
    await rollback();
    assert.equal(await committed(scenario, 'billing', 'e1'), true);
  });

  testConcurrent('of two at once, one handles it', async (scenario) => {
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => committed(scenario, 'billing', 'e1')));
    assert.equal(outcomes.filter(Boolean).length, 1);
  });

  testConcurrent('the second goes on where the first is rolled back', async (scenario) => {
    const first = await scenario.begin();
    assert.equal(await scenario.inbox.record(first.tx, 'billing', 'e1'), true);
    const second = committed(scenario, 'billing', 'e1');
    await first.rollback();
    assert.equal(await second, true);
  });

  test('a handle that is in no transaction is refused, and nothing is recorded', async (scenario) => {
    const { outside } = scenario;
    if (outside === undefined) return;
    await assert.rejects(
      scenario.inbox.record(outside, 'billing', 'e1'),
      (error) => EbusError.isInstance(error) && error.code === 'INVALID_ARGUMENT',
    );
    assert.equal(await committed(scenario, 'billing', 'e1'), true);
  });

  test('records are pruned by age', async (scenario) => {
    for (const id of ['e1', 'e2', 'e3']) await committed(scenario, 'billing', id);
    assert.equal(await scenario.inbox.prune(3_600_000), 0);
    assert.equal(await scenario.inbox.prune(-3_600_000, 2), 2);
    assert.equal(await scenario.inbox.prune(-3_600_000), 1);
    assert.equal(await committed(scenario, 'billing', 'e3'), true);
  });
};
