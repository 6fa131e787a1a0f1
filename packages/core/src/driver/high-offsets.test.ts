import { expect, it } from 'vitest';
import { HighOffsets } from './high-offsets.js';

it('keeps the highest position of each partition', () => {
  const offsets = new HighOffsets();
  for (const offset of [5, 9, 7]) offsets.note({ offset });
  offsets.note({ partition: 2, offset: 10n });
  expect([offsets.get(0), offsets.get(1), offsets.get(2)]).toEqual([9, undefined, 10n]);
  expect([...offsets.entries()]).toEqual([
    [0, 9],
    [2, 10n],
  ]);
  offsets.delete(0);
  expect([...offsets.entries()]).toEqual([[2, 10n]]);
  offsets.clear();
  expect([...offsets.entries()]).toEqual([]);
});

it('begins anew with a log that was made anew, whose positions are lower', () => {
  const offsets = new HighOffsets();
  offsets.note({ offset: 900, incarnation: 'first' });
  offsets.note({ offset: 3, incarnation: 'second' });
  expect(offsets.get(0)).toBe(3);
});

it('knows positions beyond all that were noted', () => {
  const offsets = new HighOffsets();
  offsets.note({ offset: 5, incarnation: 'a' });
  const beyond = [
    { offset: 5, incarnation: 'a' },
    { offset: 6, incarnation: 'a' },
    { offset: 1, incarnation: 'b' },
    { partition: 1, offset: 0, incarnation: 'a' },
  ].map((position) => offsets.isBeyond(position));
  expect(beyond).toEqual([false, true, true, true]);
});
