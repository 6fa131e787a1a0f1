import { describe, expect, it } from 'vitest';
import { mapLimited } from './map-limited.js';

describe('mapLimited', () => {
  it('keeps the order of the items, and at most so many calls at once', async () => {
    let running = 0;
    let most = 0;
    const doubled = await mapLimited([5, 4, 3, 2, 1], 2, async (item) => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < item; turn++) await Promise.resolve();
      running--;
      return item * 2;
    });
    expect(doubled).toEqual([10, 8, 6, 4, 2]);
    expect(most).toBe(2);
  });

  it('rejects with the first failure, and has nothing to do for nothing', async () => {
    const failing = mapLimited([1, 2], 2, async (item) => Promise.reject(new Error(`no ${item}`)));
    await expect(failing).rejects.toThrow('no 1');
    expect(await mapLimited([], 3, () => Promise.reject(new Error('called')))).toEqual([]);
  });
});
