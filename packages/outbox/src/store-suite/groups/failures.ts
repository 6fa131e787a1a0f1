/** Publishes that failed. */
import assert from 'node:assert/strict';
import { LONG, namesOf } from '../scenario.js';
import type { Group } from '../suite.js';

/** Failed publishes: delays, counts of attempts, and `retry` and `skip` of failed events. */
export const failures: Group = ({ test }) => {
  test('an event comes again after its delay, and tells how often it failed', async (scenario) => {
    await scenario.save('a1', 'a2');
    await scenario.fail({ delay: 0 });
    await scenario.fail({ delay: 20, counts: true });
    const [event, next] = await scenario.claimSoon();
    assert.deepEqual([event?.attempts, event?.retryCount, next?.attempts], [2, 1, 0]);
    assert.deepEqual(namesOf([event, next].filter((one) => one !== undefined)), ['a1', 'a2']);
  });

  test('a failed event stays until retry, which gives it all its attempts', async (scenario) => {
    await scenario.save('a1', 'a2');
    await scenario.fail({ delay: 0, counts: true });
    const { id } = await scenario.fail({ delay: 0, counts: true, final: true });
    assert.deepEqual(await scenario.claimNames(), []);
    assert.equal(await scenario.store.retry(id), true);
    const [event] = await scenario.store.claim(10, LONG);
    assert.deepEqual([event?.id, event?.attempts, event?.retryCount], [id, 0, 0]);
    assert.equal((await scenario.store.stats()).failed, 0);
  });

  test('skip gives a failed event up, and its aggregate goes on', async (scenario) => {
    await scenario.save('a1', 'a2');
    const { id } = await scenario.fail({ final: true });
    assert.equal(await scenario.store.skip(id), true);
    assert.deepEqual(await scenario.claimNames(), ['a2']);
    assert.equal(await scenario.store.skip(id), false);
    assert.equal(await scenario.store.retry(id), false);
  });

  test('retry and skip leave events that are not failed', async (scenario) => {
    await scenario.save('a1');
    const [event] = await scenario.store.claim(1, LONG);
    assert(event !== undefined);
    for (const id of [event.id, 'nobody']) {
      assert.equal(await scenario.store.retry(id), false);
      assert.equal(await scenario.store.skip(id), false);
    }
    assert.deepEqual(await scenario.store.markPublished([event]), [event.id]);
  });

  test('any text may be an error', async (scenario) => {
    await scenario.save('a1');
    await scenario.fail({ delay: 0, error: 'NUL \0, ünïcode 𝄞, "quotes", \ud800' });
    assert.deepEqual(namesOf(await scenario.claimSoon()), ['a1']);
  });
};
