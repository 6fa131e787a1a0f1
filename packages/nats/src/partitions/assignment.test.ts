import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign, type Claim } from './assignment.js';

const anyClaims = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 })
  .chain((ids) =>
    fc.tuple(...ids.map((id) => fc.record({ id: fc.constant(id), partitions: fc.uniqueArray(fc.nat(20)) }))),
  );
const asClaims = (assigned: Map<string, number[]>): Claim[] =>
  [...assigned].map(([id, partitions]) => ({ id, partitions }));

describe('the shares of members', () => {
  it('the first member has all, and gives half to the second', () => {
    const alone = assign(4, [{ id: 'b', partitions: [] }]);
    expect([...alone]).toEqual([['b', [0, 1, 2, 3]]]);
    const both = assign(4, [...asClaims(alone), { id: 'a', partitions: [] }]);
    expect([both.get('a'), both.get('b')]).toEqual([
      [2, 3],
      [0, 1],
    ]);
  });

  it('more members than partitions: some have none', () => {
    const shares = assign(
      1,
      ['a', 'b', 'c'].map((id) => ({ id, partitions: [] })),
    );
    expect([...shares.values()]).toEqual([[0], [], []]);
  });

  it('property: each partition has one owner, no share is larger than another by two, the order of members is of no matter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), anyClaims, (partitions, claims) => {
        const shares = assign(partitions, claims);
        expect([...shares.values()].flat().sort((a, b) => a - b)).toEqual([...Array(partitions).keys()]);
        const sizes = [...shares.values()].map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(assign(partitions, [...claims].reverse())).toEqual(shares);
      }),
    );
  });

  it('property: what is shared evenly stays; a member that joins or leaves moves no more than must move', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), anyClaims, (partitions, claims) => {
        const before = assign(partitions, claims);
        expect(assign(partitions, asClaims(before))).toEqual(before);
        const ownerOf = (shares: Map<string, number[]>, partition: number) =>
          [...shares].find(([, own]) => own.includes(partition))?.[0];
        const moved = (after: Map<string, number[]>) =>
          [...Array(partitions).keys()].filter((one) => ownerOf(before, one) !== ownerOf(after, one)).length;
        const joined = assign(partitions, [...asClaims(before), { id: 'newest', partitions: [] }]);
        expect(moved(joined)).toBe(joined.get('newest')?.length);
        const [gone, ...rest] = asClaims(before);
        if (gone !== undefined && rest.length > 0)
          expect(moved(assign(partitions, rest))).toBe(gone.partitions.length);
      }),
    );
  });
});
