/** Time as a dependency, so that tests can move it by hand. */

/** A pending timer. Node's own timers fit. */
export interface TimerHandle {
  /** Lets the process exit although the timer is pending. */
  unref(): unknown;
}

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `fn` once, `ms` milliseconds from now at the earliest. The timer keeps the process alive until `unref`. */
  setTimeout(fn: () => void, ms: number): TimerHandle;
  /** Harmless for a timer that has fired or was cleared. */
  clearTimeout(handle: TimerHandle): void;
}

/** Node's timers hold a delay in 31 bits (24.8 days) and fire after 1 ms beyond it. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. Delays beyond `MAX_TIMER_MS` are cut to it. */
export const systemClock: Clock = {
  now: Date.now,
  setTimeout: (fn, ms) => setTimeout(fn, Math.min(ms, MAX_TIMER_MS)),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};
