/** Who gets which events. */
import assert from 'node:assert/strict';
import { LONG, namesOf } from '../scenario.js';
import type { Group } from '../suite.js';

/** Claims: oldest first, up to the limit, and never one event to two relays. */
export const claiming: Group = ({ test }) => {
  test('the oldest come first, up to the limit', async (scenario) => {
    await scenario.save('c1', 'a1', 'b1', 'd1');
    assert.deepEqual(await scenario.claimNames(2), ['c1', 'a1']);
    assert.deepEqual(await scenario.claimNames(2), ['b1', 'd1']);
    assert.deepEqual(await scenario.claimNames(2), []);
  });

  test('what one has, another does not get', async (scenario) => {
    await scenario.save(...Array.from({ length: 40 }, (_, i) => `aggregate-${i}:1`));
    const claims = await Promise.all(Array.from({ length: 8 }, () => scenario.store.claim(10, LONG)));
    for (let i = 0; i < 8; i++) claims.push(await scenario.store.claim(10, LONG));
    const names = claims.flatMap(namesOf);
    assert.equal(new Set(names).size, 40);
    assert.equal(names.length, 40);
  });

  test('what was marked is gone', async (scenario) => {
    await scenario.save('a1', 'b1');
    const claimed = await scenario.store.claim(10, 1);
    const marked = await scenario.store.markPublished(claimed);
    assert.deepEqual(marked.sort(), claimed.map(({ id }) => id).sort());
    await scenario.save('c1');
    assert.deepEqual(namesOf(await scenario.claimSoon()), ['c1']);
    assert.deepEqual(await scenario.claimNames(), []);
  });

  test('what was released is there again at once', async (scenario) => {
    await scenario.save('a1', 'a2', 'b1');
    await scenario.store.release(await scenario.store.claim(10, LONG));
    assert.deepEqual(await scenario.claimNames(), ['a1', 'a2', 'b1']);
  });

  test('the oldest come first again after newer ones were published', async (scenario) => {
    await scenario.save('a1', 'b1');
    const [a1, b1] = await scenario.store.claim(2, LONG);
    assert(a1 !== undefined && b1 !== undefined);
    await scenario.store.markPublished([b1]);
    await scenario.store.release([a1]);
    await scenario.save('c1');
    assert.deepEqual(await scenario.claimNames(), ['a1', 'c1']);
  });

  test('stats tell how many wait, and since when', async (scenario) => {
    const before = Date.now() - 60_000;
    await scenario.save('a1', 'b1', 'c1');
    const [first] = await scenario.store.claim(1, LONG);
    assert(first !== undefined);
    const stats = await scenario.store.stats();
    assert.equal(stats.pending, 3);
    assert.equal(stats.failed, 0);
    assert(stats.oldestAt !== undefined && stats.oldestAt.getTime() > before);
    await scenario.store.markPublished([first]);
    assert.equal((await scenario.store.stats()).pending, 2);
  });
};
