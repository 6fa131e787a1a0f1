/** Rates from counts that are looked at now and then, by any number of callers. Pure. */

/** A count at a moment of monotonic time, in milliseconds. */
export interface Sample {
  readonly at: number;
  readonly count: number;
}

/** An older sample, and the newest that later calls may measure from. */
export type Samples = readonly [older: Sample, newest: Sample];

/** Measured over less, a rate says little. */
export const LEAST_MS = 1_000;

/**
 * Per second, since a sample at least `LEAST_MS` ago; undefined where there is none. Callers in quick succession measure from the same
 * one. Also the samples to keep.
 */
export function rateOf(
  samples: Samples | undefined,
  now: Sample,
): { readonly perSecond: number | undefined; readonly samples: Samples } {
  if (samples === undefined) return { perSecond: undefined, samples: [now, now] };
  const [older, newest] = samples;
  const isOld = now.at - newest.at >= LEAST_MS;
  const base = isOld ? newest : older;
  const ms = now.at - base.at;
  return {
    perSecond: ms < LEAST_MS ? undefined : ((now.count - base.count) * 1_000) / ms,
    samples: isOld || older === newest ? [base, now] : samples,
  };
}
