/** A clock whose timers never end the process. */
import type { Clock } from '../clock.js';

/**
 * The same clock; an error thrown by a timer's function is given to `onError`. It is the last resort, for calls without a
 * guard of their own: a driver, a plug-in, an application's function.
 */
export function guardedClock(clock: Clock, onError: (error: unknown) => void): Clock {
  const guarded = (fn: () => void) => () => {
    try {
      fn();
    } catch (error) {
      onError(error);
    }
  };
  return {
    now: clock.now.bind(clock),
    monotonic: clock.monotonic.bind(clock),
    setTimeout: (fn, ms) => clock.setTimeout(guarded(fn), ms),
    clearTimeout: clock.clearTimeout.bind(clock),
    setImmediate: (fn) => clock.setImmediate(guarded(fn)),
    timeout: clock.timeout.bind(clock),
    random: () => clock.random(),
    randomBytes: clock.randomBytes.bind(clock),
  };
}
