/** A time limit for what may hang. */

/** Stands for the result of what did not come in time. */
export const LATE = Symbol('late');

/**
 * What `work` resolves with, or `LATE` after so many milliseconds; what it does later is ignored. Rejects as `work` does.
 * The signal given to it aborts at the limit.
 */
export async function within<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | typeof LATE> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => {
      // First the result: aborting may make `work` reject at once.
      resolve(LATE);
      abort.abort();
    }, ms);
  });
  try {
    return await Promise.race([work(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
