import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParkNote } from './park-note.js';
import { ParkedKeys } from './parked-keys.js';

const place = (offset: number) => ({ offset: String(offset) });
const key = fc.constantFrom('a', 'b', 'c');
const offset = fc.nat({ max: 20 });
const note: fc.Arbitrary<ParkNote> = fc.oneof(
  fc.record({
    kind: fc.constant('letter' as const),
    key,
    partition: fc.nat({ max: 1 }),
    at: offset.map(place),
  }),
  fc.record({
    kind: fc.constant('handled' as const),
    key,
    partition: fc.nat({ max: 1 }),
    through: fc.option(offset.map(place), { nil: undefined }),
    count: fc.nat({ max: 3 }),
  }),
);
const notes = fc.array(note, { maxLength: 40 });

function parkedOf(list: readonly ParkNote[]): string[] {
  const keys = new ParkedKeys(1_000);
  for (const one of list) keys.apply(one);
  return [...keys].map(({ partition, key: parked }) => `${partition} ${parked}`).sort();
}

/** By the definition: a letter is behind everything that is handled. */
function expectedOf(list: readonly ParkNote[]): string[] {
  const found = new Set<string>();
  for (const one of list) {
    if (one.kind !== 'letter') continue;
    const isHandled = list.some(
      (other) =>
        other.kind === 'handled' &&
        other.key === one.key &&
        other.partition === one.partition &&
        Number(other.through?.offset ?? -1) >= Number(one.at.offset),
    );
    if (!isHandled) found.add(`${one.partition} ${one.key}`);
  }
  return [...found].sort();
}

describe('the parked keys of a dead-letter topic', () => {
  it('are those with a letter behind all that is handled', () => {
    fc.assert(fc.property(notes, (list) => void expect(parkedOf(list)).toEqual(expectedOf(list))));
  });

  it('are the same however the records are ordered, and if some are read twice', () => {
    fc.assert(
      fc.property(notes, fc.infiniteStream(fc.nat()), (list, chance) => {
        const again = list.filter(() => (chance.next().value as number) % 3 === 0);
        const shuffled = [...list, ...again]
          .map((one) => ({ one, at: chance.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one);
        expect(parkedOf(shuffled)).toEqual(parkedOf(list));
      }),
    );
  });

  it('keep their number right, also over forgetting and compacting', () => {
    fc.assert(
      fc.property(notes, notes, (before, after) => {
        const keys = new ParkedKeys(1_000);
        for (const one of before) keys.apply(one);
        keys.compact();
        keys.forget(new Set([1]));
        for (const one of after) keys.apply(one);
        expect(keys.size).toBe([...keys].length);
      }),
    );
  });
});
