/**
 * Time and chance as a dependency: the only file that asks the machine for them, so that tests and simulations can
 * move the one and repeat the other.
 */
import { randomFillSync } from 'node:crypto';

/** A pending timer. Node's own timers fit. */
export interface TimerHandle {
  /** Lets the process exit although the timer is pending. */
  unref(): unknown;
}

/**
 * Where a bus, its adapter and its tools take time and chance from. Build your own on `systemClock`:
 * `{ ...systemClock, now: () => fixed }`.
 */
export interface Clock {
  /**
   * Wall time in epoch milliseconds, for dates that are written and shown. The machine's owner may set it back or
   * forward: never compute a duration or a due time from it.
   */
  now(): number;
  /** Milliseconds since any fixed point, for durations and deadlines. Never goes back; means nothing to other processes. */
  monotonic(): number;
  /** Calls `fn` once, `ms` milliseconds from now at the earliest. The timer keeps the process alive until `unref`. */
  setTimeout(fn: () => void, ms: number): TimerHandle;
  /** Harmless for a timer that has fired or was cleared. */
  clearTimeout(handle: TimerHandle): void;
  /** Calls `fn` after timers and I/O had a turn. It cannot be cleared. */
  setImmediate(fn: () => void): void;
  /**
   * A signal that aborts with a `TimeoutError` after so many milliseconds, rounded up; at once for 0 and less. Does not keep
   * the process alive.
   */
  timeout(ms: number): AbortSignal;
  /** A number from 0 to below 1, for what may be guessed: jitter, sampling. */
  random(): number;
  /** Fresh bytes that others cannot guess, for ids. They belong to the caller. */
  randomBytes(size: number): Uint8Array;
}

/** Node's timers hold a delay in 31 bits (24.8 days) and fire after 1 ms beyond it. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock and its source of chance. Delays beyond `MAX_TIMER_MS` are cut to it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // Not bound: users' tests replace it, together with the timers.
  monotonic: () => performance.now(),
  setTimeout: (fn, ms) => setTimeout(fn, Math.min(ms, MAX_TIMER_MS)),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
  setImmediate: (fn) => {
    setImmediate(fn);
  },
  // Node's own throws for fractions of a millisecond.
  timeout: (ms) => AbortSignal.timeout(Math.min(Math.max(0, Math.ceil(ms)), MAX_TIMER_MS)),
  random: () => Math.random(),
  randomBytes: pooledBytes,
};

const POOL_BYTES = 4096;
/** Fetched for many ids at once: asking for 16 bytes at a time costs more than all the rest of an id. */
let pool = new Uint8Array();
let used = 0;

function pooledBytes(size: number): Uint8Array {
  if (size > POOL_BYTES) return randomFillSync(new Uint8Array(size));
  if (used + size > pool.length) {
    pool = randomFillSync(new Uint8Array(POOL_BYTES));
    used = 0;
  }
  used += size;
  return pool.subarray(used - size, used);
}
