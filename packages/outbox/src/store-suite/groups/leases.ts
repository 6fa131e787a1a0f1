/** A lease is a right for a while: it runs out, can be renewed, and is worth nothing once another has the event. */
import assert from 'node:assert/strict';
import { LONG, namesOf } from '../scenario.js';
import type { Group } from '../suite.js';

/** Leases: expiry, renewal, and no effect of a call whose lease another relay has taken over. */
export const leases: Group = ({ test }) => {
  test('what was claimed and not marked comes again once the lease ran out', async (scenario) => {
    await scenario.save('a1', 'a2', 'b1');
    const first = await scenario.store.claim(10, 1);
    assert.equal(first.length, 3);
    const again = await scenario.claimSoon();
    assert.deepEqual(namesOf(again), ['a1', 'a2', 'b1']);
    assert.deepEqual(
      again.map(({ id }) => id),
      first.map(({ id }) => id),
    );
  });

  test('a lease that was renewed stands longer', async (scenario) => {
    await scenario.save('a1', 'control1');
    // Both run out at the same time; then one of them does not.
    const [renewed, control] = await scenario.store.claim(2, 100);
    assert(renewed !== undefined && control !== undefined);
    assert.deepEqual(await scenario.store.renew([renewed], LONG), [renewed.id]);
    assert.deepEqual(namesOf(await scenario.claimSoon()), ['control1']);
    assert.deepEqual(await scenario.claimNames(), []);
    assert.deepEqual(await scenario.store.markPublished([renewed]), [renewed.id]);
  });

  test('a lease that ran out still counts, as long as nobody else has the event', async (scenario) => {
    await scenario.save('a1', 'control1');
    const [a1] = await scenario.store.claim(2, 1);
    assert(a1 !== undefined);
    await scenario.soon(async () => assert.equal((await scenario.store.claim(0, 1)).length, 0));
    assert.deepEqual(await scenario.store.markPublished([a1]), [a1.id]);
  });

  test('who lost a lease can neither mark, renew, release nor fail the event', async (scenario) => {
    await scenario.save('a1');
    const stale = await scenario.store.claim(1, 1);
    const current = await scenario.claimSoon();
    const failure = { error: 'late', delay: 0, counts: true, final: true };
    assert.deepEqual(await scenario.store.markPublished(stale), []);
    assert.deepEqual(await scenario.store.renew(stale, LONG), []);
    await scenario.store.release(stale);
    await scenario.store.recordError(stale.map(({ id, token }) => ({ id, token, ...failure })));
    assert.deepEqual(await scenario.claimNames(), []);
    assert.equal((await scenario.store.stats()).failed, 0);
    assert.deepEqual(
      await scenario.store.markPublished(current),
      current.map(({ id }) => id),
    );
  });

  test('marking twice marks once', async (scenario) => {
    await scenario.save('a1');
    const claimed = await scenario.store.claim(1, LONG);
    assert.equal((await scenario.store.markPublished(claimed)).length, 1);
    assert.deepEqual(await scenario.store.markPublished(claimed), []);
    assert.deepEqual(await scenario.store.renew(claimed, LONG), []);
  });
};
