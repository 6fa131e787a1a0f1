/** Waiting that keeps no process alive. */
import type { Clock } from '@ebus/core/driver';

/** The clock's timers, for waiting that a process need not live for. */
export const unrefed = (clock: Clock): Pick<Clock, 'setTimeout' | 'clearTimeout'> => ({
  setTimeout: (fn, ms) => {
    const timer = clock.setTimeout(fn, ms);
    timer.unref();
    return timer;
  },
  clearTimeout: (timer) => clock.clearTimeout(timer),
});
