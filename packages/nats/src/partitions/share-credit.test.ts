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

  it('what is outstanding stays, and counts', () => {
    expect(shareCredit(40, 90, [{ ...idle, outstanding: 30 }, idle])).toEqual([35, 5]);
  });

  it('less credit than partitions: for one of those that hold least', () => {
    expect(shareCredit(1, 90, [{ ...idle, held: 1 }, idle, idle])).toEqual([0, 0, 1]);
  });

  it('what is missing has its room in a full partition', () => {
    expect(shareCredit(5, 90, [{ held: 60, outstanding: 0, missing: 5 }, idle])).toEqual([5, 0]);
  });

  it('property: never more than the credit, and as much of it as partitions may hold', () => {
    const any = fc.record({ held: fc.nat(50), outstanding: fc.nat(10), missing: fc.nat(5) });
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.nat(200),
        fc.array(any, { minLength: 1, maxLength: 12 }),
        (credit, window, all) => {
          const shares = shareCredit(credit, window, all);
          const outstanding = all.reduce((sum, one) => sum + one.outstanding, 0);
          const sum = shares.reduce((a, b) => a + b, 0);
          expect(sum).toBeLessThanOrEqual(credit === 0 ? 0 : Math.max(credit, outstanding));
          const part = Math.max(1, Math.floor(window / all.length));
          const isFull = all.every(({ held }, index) => held + (shares[index] ?? 0) >= part);
          if (credit > outstanding) expect(isFull || sum === credit).toBe(true);
        },
      ),
    );
  });
});
