import { describe, expect, it } from 'vitest';
import { rateOf, type Samples } from './rate.js';

/** The rates that calls at these moments get, of a count that grows by 2 a millisecond. */
function ratesAt(...moments: number[]): (number | undefined)[] {
  let samples: Samples | undefined;
  return moments.map((at) => {
    const { perSecond, samples: kept } = rateOf(samples, { at, count: 2 * at });
    samples = kept;
    return perSecond;
  });
}

describe('rateOf', () => {
  it('needs an earlier call, at least a second before', () => {
    expect(ratesAt(0, 500, 999)).toEqual([undefined, undefined, undefined]);
    expect(ratesAt(0, 1_000)).toEqual([undefined, 2_000]);
  });

  it('is not disturbed by calls in quick succession', () => {
    expect(ratesAt(0, 1_000, 1_001, 1_002, 1_500)).toEqual([undefined, 2_000, 2_000, 2_000, 2_000]);
  });

  it('measures what happened lately, not since the first call', () => {
    let samples: Samples | undefined;
    for (const at of [0, 10_000]) samples = rateOf(samples, { at, count: 100 }).samples;
    expect(rateOf(samples, { at: 12_000, count: 120 }).perSecond).toBe(10);
  });
});
