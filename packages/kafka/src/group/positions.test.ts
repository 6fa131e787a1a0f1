import { describe, expect, it } from 'vitest';
import { beginsAtFrom, positionOf } from './positions.js';

const log = { topicId: 'new', begin: 10, end: 100 };
const ours = (offset: number, topicId = 'new', bits = '') => ({
  offset,
  metadata: `ebus:1:${topicId}:${bits}`,
});

describe('where a partition is read from', () => {
  it('is the committed offset inside of the log, with what was settled beyond it', () => {
    expect(positionOf(log, ours(50, 'new', 'Ag'), undefined)).toEqual({
      offset: 50,
      settled: [52],
      isCommitted: true,
    });
    expect(positionOf(log, ours(10), undefined).offset).toBe(10);
    expect(positionOf(log, ours(100), undefined).offset).toBe(100);
  });

  it('is taken over from other clients, and committed anew with what ebus adds', () => {
    expect(positionOf(log, { offset: 50, metadata: '' }, undefined)).toEqual({
      offset: 50,
      settled: [],
      isCommitted: false,
    });
  });

  it.each([
    ['past the end', { offset: 101, metadata: undefined }, 'cut, or restored'],
    ['before the beginning', { offset: 9, metadata: undefined }, 'retention'],
    ['of a topic that was made anew', ours(50, 'old'), 'made anew'],
  ])('is the beginning of the log where the position is %s, which is told', (_, committed, why) => {
    const { offset, problem, isCommitted } = positionOf(log, committed, undefined);
    expect([offset, isCommitted]).toEqual([10, false]);
    expect(problem).toContain(why);
  });

  it('is the pinned start where nothing is committed, unless that was pinned in another log', () => {
    expect(positionOf(log, undefined, { topicId: 'new', offset: 70 }).offset).toBe(70);
    expect(positionOf(log, undefined, { topicId: 'new', offset: 3 }).offset).toBe(10);
    expect(positionOf(log, undefined, { topicId: 'old', offset: 70 }).offset).toBe(10);
    expect(positionOf(log, undefined, { topicId: 'new', offset: 170 }).offset).toBe(10);
  });

  it('is the beginning for a partition that was added later', () => {
    expect(positionOf(log, undefined, undefined)).toEqual({ offset: 10, settled: [], isCommitted: false });
  });
});

describe('which partitions begin at the subscription’s `from`', () => {
  it('are all without a position in a new group, and in one that another client made', () => {
    expect(beginsAtFrom([0, 1], new Map())).toEqual([0, 1]);
    expect(beginsAtFrom([0, 1, 2], new Map([[1, { offset: 5, metadata: '' }]]))).toEqual([0, 2]);
  });

  it('are none where ebus has committed some: the others were added since', () => {
    expect(beginsAtFrom([0, 1], new Map([[0, ours(5)]]))).toEqual([]);
  });
});
