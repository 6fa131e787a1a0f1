/** `AbortSignal.timeout` for any duration: Node's own throws for fractions of a millisecond. */
import { MAX_TIMER_MS } from '../clock.js';

/** Aborts after so many milliseconds, rounded up; at the latest after 24.8 days, as long as a timer of Node's can be. */
export function timeoutSignal(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.min(Math.max(0, Math.ceil(ms)), MAX_TIMER_MS));
}
