import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import { backoffDelay } from './backoff.js';

describe('backoffDelay', () => {
  it('doubles from the base up to the maximum', () => {
    const options = { base: 1_000, max: 30_000, jitter: false };
    const delays = [1, 2, 3, 4, 5, 6, 7, 5_000].map((attempt) => backoffDelay(options, attempt, systemClock));
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('takes a random share of it, all of the range', () => {
    const options = { base: 100, max: 30_000, factor: 3 };
    expect(backoffDelay(options, 3, draws(0))).toBe(0);
    expect(backoffDelay(options, 3, draws(0.5))).toBe(450);
    expect(backoffDelay(options, 3, draws(0.999))).toBeCloseTo(899.1);
  });

  it('is never negative, endless or above the maximum', () => {
    const options = fc.record({
      base: fc.nat(100_000),
      max: fc.nat(100_000),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      jitter: fc.boolean(),
    });
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 1e9 }), (given, attempt) => {
        const delay = backoffDelay(given, attempt, systemClock);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(given.max);
      }),
    );
  });
});

const draws = (number: number) => ({ random: () => number });
