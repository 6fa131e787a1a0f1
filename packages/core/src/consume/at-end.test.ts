import { describe, expect, it } from 'vitest';
import { isAtEnd } from './at-end.js';

/** One marker of a transaction lies behind offset 41, the last message. */
const marker = { partition: 3, lag: 1, unread: 0, settled: 41 };
const read = { partitions: new Set([3]), held: new Set<number>(), reached: { get: () => 41 } };

describe('a log that was read to its end', () => {
  it('is one of this member, with nothing unread, unsettled or unknown to the broker', () => {
    expect(isAtEnd(marker, read)).toBe(true);
    expect(isAtEnd({ partition: 3, lag: 1, unread: 0 }, { ...read, reached: undefined })).toBe(true);
  });

  it.each([
    ['something is unread', { ...marker, unread: 1 }, read],
    ['nobody says what is unread', { partition: 3, lag: 1, settled: 41 }, read],
    ['another member has it', marker, { ...read, partitions: new Set([1]) }],
    ['members share it', marker, { ...read, partitions: undefined }],
    ['a message is unsettled here', marker, { ...read, held: new Set([3]) }],
    ['the broker does not have what was settled', { ...marker, settled: 40 }, read],
    ['nobody says what is settled', { partition: 3, lag: 1, unread: 0 }, read],
  ])('is not one where %s', (_why, lag, soFar) => {
    expect(isAtEnd(lag, soFar)).toBe(false);
  });
});
