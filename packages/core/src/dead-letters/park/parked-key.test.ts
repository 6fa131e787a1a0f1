import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LogPlace } from './log-order.js';
import { FREE, isKnown, isParked, type ParkedKey, throughOf, withHandled, withLetter } from './parked-key.js';

const at = (offset: number, partition = 0): LogPlace => ({ partition, offset: String(offset) });

it('a key is parked from its first letter until all letters are handled', () => {
  let key = withLetter(withLetter(FREE, at(3)), at(7));
  expect([isParked(FREE), isParked(key), key.letters]).toEqual([false, true, 2]);
  key = withHandled(key, [at(3)], 1);
  expect([isParked(key), key.letters, throughOf(key, at(9))]).toEqual([true, 1, at(3)]);
  key = withHandled(key, [at(7)], 1);
  expect([isParked(key), key.letters]).toEqual([false, 0]);
});

it('knows messages that are letters or handled, and compares within one log alone', () => {
  const key = withHandled(withLetter(FREE, at(7)), [at(3, 1)], 1);
  expect([at(7), at(6), at(8), at(3, 1), at(4, 1), at(1, 2)].map((place) => isKnown(key, place))).toEqual([
    ...[true, true, false],
    ...[true, false, false],
  ]);
});

it('a letter that is behind what is handled does not park the key again', () => {
  const key = withHandled(FREE, [at(5)], 1);
  expect(withLetter(key, at(5))).toBe(key);
  expect(isParked(withLetter(key, at(6)))).toBe(true);
});

it('is parked as long as one of its logs is', () => {
  const key = withLetter(withLetter(FREE, at(1, 0)), at(1, 1));
  expect(isParked(withHandled(key, [at(1, 0)], 1))).toBe(true);
  expect(isParked(withHandled(key, [at(1, 0), at(1, 1)], 2))).toBe(false);
});

it('counts one letter at least while it is parked, however many are said to be handled', () => {
  const key = withLetter(withLetter(FREE, at(1)), at(2));
  expect(withHandled(key, [at(1)], 9).letters).toBe(1);
});

it('whether a key is parked does not depend on the order of the records, nor on repetitions', () => {
  const record = fc.record({
    kind: fc.constantFrom('letter', 'handled'),
    offset: fc.integer({ min: 1, max: 6 }),
    partition: fc.integer({ min: 0, max: 1 }),
  });
  const read = (records: readonly { kind: string; offset: number; partition: number }[]) => {
    let key: ParkedKey = FREE;
    for (const { kind, offset, partition } of records)
      key =
        kind === 'letter'
          ? withLetter(key, at(offset, partition))
          : withHandled(key, [at(offset, partition)], 1);
    return isParked(key);
  };
  fc.assert(
    fc.property(fc.array(record), (records) => {
      expect(read([...records].reverse())).toBe(read(records));
      expect(read([...records, ...records])).toBe(read(records));
    }),
  );
});
