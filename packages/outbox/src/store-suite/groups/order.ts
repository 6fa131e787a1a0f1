/** Later events of an aggregate wait for the earlier ones, and for nothing else. */
import assert from 'node:assert/strict';
import { LONG, namesOf } from '../scenario.js';
import type { Group } from '../suite.js';

/** Order: an aggregate's later events wait for the earlier ones; other aggregates go on. */
export const order: Group = ({ test }) => {
  test('what follows a leased event waits, also when it comes later', async (scenario) => {
    await scenario.save('a1', 'a2', 'b1');
    assert.deepEqual(await scenario.claimNames(1), ['a1']);
    assert.deepEqual(await scenario.claimNames(), ['b1']);
    await scenario.save('a3', 'c1');
    assert.deepEqual(await scenario.claimNames(), ['c1']);
  });

  test('it goes on once the earlier one is published', async (scenario) => {
    await scenario.save('a1', 'a2', 'a3');
    const first = await scenario.store.claim(1, LONG);
    await scenario.store.markPublished(first);
    const second = await scenario.store.claim(1, LONG);
    assert.deepEqual(namesOf(second), ['a2']);
    await scenario.store.release(second);
    assert.deepEqual(await scenario.claimNames(), ['a2', 'a3']);
  });

  test('one claim takes the next events of an aggregate without a gap', async (scenario) => {
    await scenario.save('a1', 'b1', 'a2', 'b2', 'a3');
    const claimed = await scenario.store.claim(4, LONG);
    assert.deepEqual(namesOf(claimed), ['a1', 'b1', 'a2', 'b2']);
    const [a1] = claimed;
    assert(a1 !== undefined);
    await scenario.store.markPublished([a1]);
    assert.deepEqual(await scenario.claimNames(), []);
  });

  test('what follows an event that waits for its next attempt waits', async (scenario) => {
    await scenario.save('a1', 'a2', 'b1');
    await scenario.fail({ delay: LONG });
    assert.deepEqual(await scenario.claimNames(), ['b1']);
  });

  test('what follows a failed event waits, and other aggregates go on', async (scenario) => {
    await scenario.save('a1', 'a2', 'b1');
    await scenario.fail({ counts: true, final: true });
    await scenario.save('a3', 'c1');
    assert.deepEqual(await scenario.claimNames(), ['b1', 'c1']);
    const { pending, failed, oldestAt } = await scenario.store.stats();
    assert.deepEqual([pending, failed], [4, 1]);
    assert(oldestAt !== undefined);
  });

  test('many that wait do not hide those that can go', async (scenario) => {
    await scenario.save('a1');
    await scenario.fail({ counts: true, final: true });
    await scenario.save(...Array.from({ length: 50 }, (_, i) => `a${i + 2}`), 'b1');
    assert.deepEqual(await scenario.claimNames(10), ['b1']);
  });

  test('the age of what a failed event holds is not the age of the outbox', async (scenario) => {
    await scenario.save('a1', 'a2');
    await scenario.fail({ counts: true, final: true });
    assert.equal((await scenario.store.stats()).oldestAt, undefined);
  });
};
