/** A clock whose timers never end the process. */
import type { Clock } from '../clock.js';

/**
 * The same clock; what a timer's function throws is given to `onError`. It is the last resort, for what nobody guarded
 * where it is called: a driver, a plug-in, an application's function.
 */
export function guardedClock(clock: Clock, onError: (error: unknown) => void): Clock {
  return {
    now: () => clock.now(),
    setTimeout: (fn, ms) =>
      clock.setTimeout(() => {
        try {
          fn();
        } catch (error) {
          onError(error);
        }
      }, ms),
    clearTimeout: (handle) => clock.clearTimeout(handle),
  };
}
