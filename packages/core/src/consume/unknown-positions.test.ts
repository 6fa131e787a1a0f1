import { describe, expect, it } from 'vitest';
import { HighOffsets } from '../driver/high-offsets.js';
import { unknownOf } from './unknown-positions.js';

type Works = Parameters<typeof unknownOf>[0];

function highest(...positions: [partition: number, offset: number][]): HighOffsets {
  const offsets = new HighOffsets();
  for (const [partition, offset] of positions) offsets.note({ partition, offset });
  return offsets;
}

const works = (reached: HighOffsets | undefined, partitions?: number[], lag?: () => Promise<[]>) =>
  ({
    driver: lag === undefined ? {} : { lag },
    revocation: { partitions: partitions && new Set(partitions) },
    reached,
  }) as unknown as Works;

describe('what was published', () => {
  it('is known to be handled once this member has passed it', () => {
    const all = works(highest([0, 5], [1, 9]), [0, 1], async () => []);
    expect(unknownOf(all, highest([0, 5], [1, 8]))).toEqual([]);
    expect(unknownOf(all, highest([0, 6]))).toEqual([{ partition: 0, offset: 6, isOwn: true }]);
  });

  it('is the affair of others in partitions that are theirs, where the broker can be asked', () => {
    const some = works(highest([0, 5]), [0], async () => []);
    expect(unknownOf(some, highest([1, 2]))).toEqual([{ partition: 1, offset: 2, isOwn: false }]);
  });

  it("is this member's own where nobody can be asked", () => {
    expect(unknownOf(works(undefined), highest([0, 2]))).toEqual([{ partition: 0, offset: 2, isOwn: true }]);
    expect(unknownOf(works(highest([0, 2])), highest([0, 2]))).toEqual([]);
  });
});
