import { describe, expect, it } from 'vitest';
import { figuresOf } from './inspection.js';

const log = (begin: number, end: number) => ({ topicId: 'id', begin, end });
const ends = new Map([
  ['orders:0', log(0, 10)],
  ['orders:1', log(5, 8)],
]);
const committed = (partition: number, offset: string) => ({ partition, offset, metadata: null });

describe('figuresOf', () => {
  it('counts from the committed position, and from the beginning where there is none', () => {
    const group = { groupId: 'billing', members: [] };
    expect(figuresOf('orders', group, [committed(0, '7'), committed(1, '-1')], ends)).toEqual({
      group: 'billing',
      madeBy: 'others',
      members: 0,
      lag: 6,
      partitions: [
        { partition: 0, lag: 3, position: 7 },
        { partition: 1, lag: 3 },
      ],
    });
  });

  it('counts from the beginning where the position is outside of the log', () => {
    const group = { groupId: 'billing', members: [] };
    const figures = figuresOf('orders', group, [committed(1, '2')], ends);
    expect(figures?.partitions[1]).toEqual({ partition: 1, lag: 3, position: 2 });
  });

  it('leaves out a group that has nothing to do with the topic', () => {
    const member = { memberAssignment: Buffer.alloc(0) } as never;
    expect(figuresOf('orders', { groupId: 'other', members: [member] }, [committed(0, '-1')], ends)).toBe(
      undefined,
    );
  });
});
