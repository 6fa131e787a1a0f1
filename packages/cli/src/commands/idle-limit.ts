/** A limit for work that may take long as a whole, and stands still for a short time only. */
import type { Clock } from '@ebus/core';

interface IdleLimit {
  readonly signal: AbortSignal;
  restart(): void;
  end(): void;
}

/** Aborts after so many milliseconds without `restart`. `end` lets go of the timer; call it when the work has ended. */
export function idleLimit(clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>, ms: number): IdleLimit {
  const limit = new AbortController();
  const begin = () => clock.setTimeout(() => limit.abort(), ms);
  let timer = begin();
  return {
    signal: limit.signal,
    restart() {
      clock.clearTimeout(timer);
      timer = begin();
    },
    end: () => clock.clearTimeout(timer),
  };
}
