/** Waiting for others, with a limit. */
import type { Clock } from '../clock.js';

/** A limit in milliseconds. Its timer keeps the process alive until the work or the limit comes. */
export interface TimeLimit {
  readonly clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  readonly ms: number;
}

/**
 * The outcome of `work`. Where the time is up or the signal aborts first, the outcome of `late`, which may throw; the work
 * goes on unheeded, and its rejection ends no process. Nothing stays behind in the clock or on the signal.
 */
export function within<T, L>(
  work: Promise<T>,
  limit: AbortSignal | TimeLimit,
  late: () => L,
): Promise<T | L> {
  return new Promise((resolve, reject) => {
    let stopWaiting = () => {};
    const giveUp = () => {
      stopWaiting();
      try {
        resolve(late());
      } catch (error) {
        reject(error);
      }
    };
    work.then(
      (value) => {
        stopWaiting();
        resolve(value);
      },
      (error: unknown) => {
        stopWaiting();
        reject(error);
      },
    );
    if ('ms' in limit) {
      const timer = limit.clock.setTimeout(giveUp, limit.ms);
      stopWaiting = () => limit.clock.clearTimeout(timer);
    } else if (limit.aborted) {
      giveUp();
    } else {
      limit.addEventListener('abort', giveUp, { once: true });
      stopWaiting = () => limit.removeEventListener('abort', giveUp);
    }
  });
}
