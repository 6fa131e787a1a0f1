/** A limit for work that may take long as a whole, and stands still for a short time only. */
import type { Clock } from '@ebus/core';

/** Aborts after so many milliseconds without `restart`. `end` lets go of the timer; call it when the work has ended. */
export function idleLimit(clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>, ms: number) {
  const limit = new AbortController();
  const begin = () => clock.setTimeout(() => limit.abort(), ms);
  let timer = begin();
  return {
    signal: limit.signal,
    restart(): void {
      clock.clearTimeout(timer);
      timer = begin();
    },
    end: () => clock.clearTimeout(timer),
  };
}
