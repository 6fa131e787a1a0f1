import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareOffsets, isSamePosition } from './offsets.js';

describe('offsets', () => {
  it.each([
    [1, 2],
    [1n, 2n],
    [1, 2n],
    [2n ** 60n, 2n ** 60n + 1n],
    ['9', '10'],
    ['171-9', '171-10'],
    ['171-9', '172-0'],
    ['1526919030475', '1526919030475-0'],
    ['a9', 'b1'],
    ['0/9', '0/A'],
  ])('%s is before %s', (a, b) => {
    expect(compareOffsets(a, b)).toBeLessThan(0);
    expect(compareOffsets(b, a)).toBeGreaterThan(0);
    expect(compareOffsets(a, a)).toBe(0);
  });

  it('of texts are in an order', () => {
    const text = fc.stringMatching(/^[0-9a-b-]{0,6}$/);
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const [left, middle, right] = [a, b, c].sort(compareOffsets) as [string, string, string];
        expect(compareOffsets(left, middle)).toBeLessThanOrEqual(0);
        expect(compareOffsets(left, right)).toBeLessThanOrEqual(0);
        expect(Math.sign(compareOffsets(a, b))).toBe(-Math.sign(compareOffsets(b, a)) + 0);
        expect(compareOffsets(a, b) === 0).toBe(a === b);
      }),
    );
  });

  it('are the same place in the same log only', () => {
    expect(isSamePosition({ offset: 1 }, { offset: 1, partition: 0 })).toBe(true);
    expect(isSamePosition({ offset: 1, incarnation: 'a' }, { offset: 1, incarnation: 'b' })).toBe(false);
  });
});
