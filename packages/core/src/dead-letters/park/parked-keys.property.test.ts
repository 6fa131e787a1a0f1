import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParkNote } from './park-note.js';
import { ParkedKeys } from './parked-keys.js';

const place = fc.record({ partition: fc.nat({ max: 1 }), offset: fc.nat({ max: 20 }).map(String) });
const key = fc.constantFrom('a', 'b', 'c');
const note: fc.Arbitrary<ParkNote> = fc.oneof(
  fc.record({
    kind: fc.constant('letter' as const),
    key,
    at: place,
  }),
  fc.record({
    kind: fc.constant('handled' as const),
    key,
    through: fc.array(place, { maxLength: 2 }),
    count: fc.nat({ max: 3 }),
  }),
);
const notes = fc.array(note, { maxLength: 40 });

function parkedOf(list: readonly ParkNote[]): string[] {
  const keys = new ParkedKeys(1_000);
  for (const one of list) keys.apply(one);
  return [...keys].sort();
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
        other.through.some(
          ({ partition, offset }) =>
            partition === one.at.partition && Number(offset) >= Number(one.at.offset),
        ),
    );
    if (!isHandled) found.add(one.key);
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

  it('keep their number right, also over compacting', () => {
    fc.assert(
      fc.property(notes, notes, (before, after) => {
        const keys = new ParkedKeys(1_000);
        for (const one of before) keys.apply(one);
        keys.compact();
        for (const one of after) keys.apply(one);
        expect(keys.size).toBe([...keys].length);
      }),
    );
  });
});
