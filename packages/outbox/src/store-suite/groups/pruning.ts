/** Old events are deleted, and only those. */
import assert from 'node:assert/strict';
import { LONG } from '../scenario.js';
import type { Group } from '../suite.js';

const AN_HOUR = 3_600_000;
/** Whatever is there is older. */
const ANY_AGE = -AN_HOUR;

/** Pruning: only published and skipped events go, and never more than the limit. */
export const pruning: Group = ({ test }) => {
  test('published and skipped events go, the others stay', async (scenario) => {
    await scenario.save('skipped1');
    await scenario.store.skip((await scenario.fail({ final: true })).id);
    await scenario.save('failed1');
    await scenario.fail({ final: true });
    await scenario.save('published1', 'pending1');
    await scenario.store.markPublished(await scenario.store.claim(1, LONG));
    assert.equal(await scenario.store.prune(AN_HOUR), 0);
    assert.equal(await scenario.store.prune(ANY_AGE), 2);
    assert.equal(await scenario.store.prune(ANY_AGE), 0);
    const { pending, failed } = await scenario.store.stats();
    assert.deepEqual([pending, failed], [1, 1]);
  });

  test('no more than the limit at once', async (scenario) => {
    await scenario.save('a1', 'b1', 'c1');
    await scenario.store.markPublished(await scenario.store.claim(3, LONG));
    assert.equal(await scenario.store.prune(ANY_AGE, 2), 2);
    assert.equal(await scenario.store.prune(ANY_AGE, 2), 1);
  });
};
