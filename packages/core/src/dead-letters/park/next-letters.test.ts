import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IncomingMessage } from '../../driver/message.js';
import { LogOrder, type LogPlace } from './log-order.js';
import { NextLetters } from './next-letters.js';

const at = (offset: number, partition = 0): LogPlace => ({ partition, offset: String(offset) });
const letter = (size = 1): IncomingMessage => ({
  token: undefined,
  topic: 't.dlq',
  value: new Uint8Array(size),
  headers: [],
});
const offsetsOf = (next: NextLetters) => next.take().map((one) => Number(one.at.offset));
const fresh = (after: LogPlace | undefined, letters: number, bytes = 1_000) => {
  const order = new LogOrder();
  order.note(at(0));
  return new NextLetters(order, after, { letters, bytes });
};

describe('NextLetters', () => {
  it('keeps the oldest ones behind a place, in order and each once', () => {
    const next = fresh(at(3), 3);
    for (const offset of [9, 4, 3, 12, 4, 6, 10]) next.offer(at(offset), letter());
    expect(offsetsOf(next)).toEqual([4, 6, 9]);
    expect([next.hasMore, next.reached]).toEqual([true, at(9)]);
  });

  it('holds no more bytes than its limit, but always one letter', () => {
    const next = fresh(undefined, 10, 100);
    for (const offset of [1, 2, 3]) next.offer(at(offset), letter(60));
    expect(offsetsOf(next)).toEqual([1]);
    const large = fresh(undefined, 10, 100);
    large.offer(at(1), letter(500));
    expect(offsetsOf(large)).toEqual([1]);
  });

  it('leaves out what is handled meanwhile, and what is deleted', () => {
    const next = fresh(undefined, 10);
    next.deleted(at(5));
    for (const offset of [2, 4, 5, 7]) next.offer(at(offset), letter());
    next.handled([at(2), at(9, 1)]);
    next.offer(at(8, 1), letter());
    expect(offsetsOf(next)).toEqual([4, 7]);
  });

  it('goes on behind deleted letters, although none is left of the page', () => {
    const next = fresh(undefined, 2);
    for (const offset of [1, 2, 3]) next.offer(at(offset), letter());
    next.deleted(at(1));
    next.deleted(at(2));
    expect([offsetsOf(next), next.hasMore, next.reached]).toEqual([[], true, at(2)]);
  });

  it('gives all letters in order, page by page, whatever their order in the topic', () => {
    const letters = fc.array(fc.nat({ max: 100 }), { maxLength: 60 });
    fc.assert(
      fc.property(letters, fc.integer({ min: 1, max: 7 }), (offsets, size) => {
        const got: number[] = [];
        let after: LogPlace | undefined;
        for (let hasMore = true; hasMore; ) {
          const next = fresh(after, size, 1_000_000);
          for (const offset of offsets) next.offer(at(offset), letter());
          got.push(...offsetsOf(next));
          ({ reached: after, hasMore } = next);
        }
        expect(got).toEqual([...new Set(offsets)].sort((a, b) => a - b));
      }),
    );
  });
});
