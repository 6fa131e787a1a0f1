/** A time limit for what may hang. */
import type { Clock, TimerHandle } from '@ebus/core';

/** Stands for the result of what did not come in time. */
export const LATE = Symbol('late');

/**
 * What `work` resolves with, or `LATE` after so many milliseconds; what it does later is ignored. Rejects as `work` does.
 * The signal given to it aborts at the limit.
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | typeof LATE> {
  const abort = new AbortController();
  let timer: TimerHandle | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = clock.setTimeout(() => {
      // First the result: aborting may make `work` reject at once.
      resolve(LATE);
      abort.abort();
    }, ms);
  });
  try {
    return await Promise.race([work(abort.signal), late]);
  } finally {
    if (timer !== undefined) clock.clearTimeout(timer);
  }
}
