import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_MEMBER, SETTLED, UnsettledOffsets, WAITING } from './unsettled-offsets.js';

const A = FIRST_MEMBER;
const B = FIRST_MEMBER + 1;
const ignore = () => {};

describe('UnsettledOffsets', () => {
  it('moves its floor over what is settled, in any order', () => {
    const offsets = taken(10, 4);
    offsets.settle(11);
    offsets.settle(13);
    offsets.advance(ignore);
    expect(offsets.floor).toBe(10);
    offsets.settle(10);
    offsets.advance(ignore);
    expect([offsets.floor, offsets.oldest, offsets.count]).toEqual([12, 12, 1]);
  });

  it('knows nothing of what was not taken or was settled', () => {
    const offsets = taken(10, 2);
    offsets.settle(10);
    offsets.advance(ignore);
    expect([9, 10, 11, 12, Number.NaN].map((offset) => offsets.ownerOf(offset))).toEqual([
      SETTLED,
      SETTLED,
      A,
      SETTLED,
      SETTLED,
    ]);
  });

  it('parks a few old offsets instead of growing', () => {
    const offsets = taken(0, 1);
    const parked: number[] = [];
    for (let offset = 1; offset < 1_000_000; offset++) {
      offsets.take(A);
      if (offset === 500_000) continue;
      offsets.settle(offset);
      offsets.advance((parkedOffset) => parked.push(parkedOffset));
    }
    expect(parked).toEqual([0, 500_000]);
    expect(offsets.end - offsets.floor).toBeLessThan(5_000);
    expect([offsets.count, offsets.oldest, offsets.ownerOf(500_000)]).toEqual([2, 0, A]);
    expect([...offsets]).toEqual([
      [0, A],
      [500_000, A],
    ]);
  });

  it('does what a plain map does', () => {
    const pick = fc.nat({ max: 1_000 });
    const command = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ take: fc.constantFrom(WAITING, A, B), times: fc.nat({ max: 90 }) }),
      },
      { weight: 3, arbitrary: fc.record({ settle: fc.array(pick, { maxLength: 60, size: 'max' }) }) },
      fc.record({ assign: pick, owner: fc.constantFrom(WAITING, A, B) }),
      fc.record({ park: fc.integer({ min: -20, max: 60 }) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (commands) => {
        const offsets = new UnsettledOffsets(0);
        const model = new Map<number, number>();
        let end = 0;
        for (const command of commands) {
          const nth = (n: number) => [...model.keys()].sort((a, b) => a - b)[n % model.size];
          if ('take' in command) {
            for (let i = 0; i < command.times; i++) {
              offsets.take(command.take);
              model.set(end++, command.take);
            }
          } else if ('settle' in command) {
            for (const n of command.settle) {
              const offset = nth(n);
              if (offset === undefined) continue;
              offsets.settle(offset);
              model.delete(offset);
            }
            offsets.advance(ignore);
          } else if ('assign' in command) {
            const offset = nth(command.assign);
            if (offset === undefined) continue;
            offsets.assign(offset, command.owner);
            model.set(offset, command.owner);
          } else {
            const before = offsets.floor + command.park;
            const parked: number[] = [];
            const expected = [...model.keys()]
              .filter((o) => o >= offsets.floor && o < before)
              .sort((a, b) => a - b);
            offsets.parkBefore(before, (offset) => parked.push(offset));
            expect(parked).toEqual(expected);
            end = Math.max(end, before);
          }
          expect([...offsets]).toEqual([...model].sort(([a], [b]) => a - b));
          expect([offsets.count, offsets.end]).toEqual([model.size, end]);
          expect(offsets.oldest).toBe(model.size === 0 ? undefined : Math.min(...model.keys()));
          const all = Array.from({ length: end + 2 }, (_, offset) => offset);
          expect(all.filter((offset) => offsets.ownerOf(offset) !== (model.get(offset) ?? SETTLED))).toEqual(
            [],
          );
        }
      }),
    );
  });
});

function taken(start: number, count: number): UnsettledOffsets {
  const offsets = new UnsettledOffsets(start);
  for (let i = 0; i < count; i++) offsets.take(A);
  return offsets;
}
