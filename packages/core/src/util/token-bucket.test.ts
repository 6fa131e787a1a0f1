import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { TokenBucket } from './token-bucket.js';

describe('TokenBucket', () => {
  it('lets a burst through, then the rate', () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket(10, 3, clock);
    expect([1, 2, 3, 4].map(() => bucket.tryTake())).toEqual([true, true, true, false]);
    expect(bucket.waitMs()).toBe(100);
    clock.block(99);
    expect(bucket.tryTake()).toBe(false);
    expect(bucket.waitMs()).toBe(1);
    clock.block(1);
    expect(bucket.waitMs()).toBe(0);
    expect(bucket.tryTake()).toBe(true);
    clock.block(3_600_000);
    expect([1, 2, 3, 4].map(() => bucket.tryTake())).toEqual([true, true, true, false]);
  });

  it('neither gains nor stalls when the wall clock is set back or forward', () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket(10, 1, clock);
    expect(bucket.tryTake()).toBe(true);
    clock.setWall(-3_600_000);
    expect(bucket.tryTake()).toBe(false);
    clock.setWall(7_200_000);
    expect(bucket.tryTake()).toBe(false);
    expect(bucket.waitMs()).toBe(100);
    clock.block(100);
    expect(bucket.tryTake()).toBe(true);
  });

  it.each([
    [0, 1],
    [-1, 1],
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 1],
    [1, 0],
    [1, 0.5],
    [1, Number.NaN],
  ])('refuses a rate of %d with a burst of %d', (rate, burst) => {
    expect(() => new TokenBucket(rate, burst, new ManualClock())).toThrow(TypeError);
  });

  it('never lets more than burst + rate * t through in any window', () => {
    const rate = fc.oneof(
      fc.integer({ min: 1, max: 5_000 }),
      fc.double({ min: 0.1, max: 5_000, noNaN: true }),
    );
    const steps = fc.array(fc.record({ ms: fc.nat(300), tries: fc.nat(30) }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 20 }), steps, (perSecond, burst, moves) => {
        const clock = new ManualClock();
        const bucket = new TokenBucket(perSecond, burst, clock);
        const taken: number[] = [];
        for (const { ms, tries } of moves) {
          clock.block(ms);
          for (let i = 0; i < tries; i++) if (bucket.tryTake()) taken.push(clock.now());
        }
        for (let from = 0; from < taken.length; from++) {
          for (let to = from; to < taken.length; to++) {
            const seconds = ((taken[to] as number) - (taken[from] as number)) / 1_000;
            expect(to - from + 1).toBeLessThanOrEqual(burst + perSecond * seconds + 1e-6);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('has a token after exactly the wait that it names', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 10_000, noNaN: true }),
        fc.array(fc.nat(50)),
        (perSecond, pauses) => {
          const clock = new ManualClock();
          const bucket = new TokenBucket(perSecond, 1, clock);
          bucket.tryTake();
          for (const ms of pauses) {
            clock.block(ms);
            const wait = bucket.waitMs();
            if (wait > 0) {
              clock.block(wait - 1);
              expect(bucket.tryTake()).toBe(false);
              clock.block(1);
            }
            expect(bucket.tryTake()).toBe(true);
          }
        },
      ),
    );
  });
});
