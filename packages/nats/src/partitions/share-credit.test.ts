import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareCredit } from './share-credit.js';

const idle = { held: 0, outstanding: 0, missing: 0 };

describe('the credit of partitions', () => {
  it('is shared evenly, and none is there where there is none', () => {
    expect(shareCredit(90, 90, [idle, idle, idle])).toEqual([30, 30, 30]);
    expect(shareCredit(0, 90, [idle, idle])).toEqual([0, 0]);
  });

  it('a full partition takes nothing from the others', () => {
    expect(shareCredit(60, 90, [{ ...idle, held: 30 }, idle, idle])).toEqual([0, 30, 30]);
  });

  it('what is outstanding counts; who has more than its part asks for no more, until the others have theirs', () => {
    expect(shareCredit(40, 90, [{ ...idle, outstanding: 30 }, idle])).toEqual([20, 10]);
    expect(shareCredit(40, 90, [{ ...idle, outstanding: 40 }, idle])).toEqual([20, 1]);
    expect(shareCredit(40, 90, [{ ...idle, outstanding: 20 }, idle])).toEqual([20, 20]);
  });

  it('less credit than partitions: each that may hold more asks for one, so that none waits for an empty one', () => {
    expect(shareCredit(1, 1, [idle, idle, idle])).toEqual([1, 1, 1]);
    expect(shareCredit(1, 90, [{ ...idle, held: 30 }, idle, idle])).toEqual([0, 1, 1]);
    expect(shareCredit(2, 4, [{ ...idle, outstanding: 2 }, idle, idle])).toEqual([1, 1, 1]);
  });

  it('partitions that are still to be opened find their parts free', () => {
    expect(shareCredit(90, 90, [idle], 3)).toEqual([30]);
    expect(shareCredit(90, 90, [{ ...idle, outstanding: 30 }, idle, idle], 3)).toEqual([30, 30, 30]);
  });

  it('what is missing has its room in a full partition', () => {
    expect(shareCredit(10, 90, [{ held: 60, outstanding: 0, missing: 5 }, idle])).toEqual([5, 5]);
  });

  it('property: with what is outstanding never more than the credit and one for each, and without it all that may be held', () => {
    const any = fc.record({ held: fc.nat(50), outstanding: fc.nat(10), missing: fc.nat(5) });
    const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.nat(200),
        fc.array(any, { minLength: 1, maxLength: 12 }),
        (credit, window, all) => {
          const shares = shareCredit(credit, window, all);
          const open = all.map(({ outstanding }, index) => Math.max(outstanding, shares[index] ?? 0));
          expect(sum(open)).toBeLessThanOrEqual(
            Math.max(credit, sum(all.map(({ outstanding }) => outstanding))) + all.length,
          );
          const part = Math.max(1, Math.floor(window / all.length));
          const wanted = all.map(({ held, missing }) => Math.max(missing, part - held, 0));
          const fresh = shareCredit(
            credit,
            window,
            all.map((one) => ({ ...one, outstanding: 0 })),
          );
          const waiting = credit > 0 ? wanted.filter((one) => one > 0).length : 0;
          expect(sum(fresh)).toBeGreaterThanOrEqual(Math.min(credit, sum(wanted)));
          expect(sum(fresh)).toBeLessThanOrEqual(Math.max(Math.min(credit, sum(wanted)), credit + waiting));
          expect(fresh.filter((one) => one > 0)).toHaveLength(waiting);
        },
      ),
    );
  });
});
