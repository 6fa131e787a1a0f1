/** A clock that stands still until a test moves it, and chance that repeats. */
import { setImmediate } from 'node:timers';
import type { Clock, TimerHandle } from '../clock.js';

interface ManualTimer extends TimerHandle {
  readonly due: number;
  readonly fn: () => void;
  /** It only aborts a signal. */
  readonly isSignal: boolean;
}

/**
 * Timers and timeout signals fire only inside `advance`, ordered by due time, then by when they were set. Both `now()` and
 * `monotonic()` move on with it; they start far apart, so that code that takes one for the other fails.
 */
export class ManualClock implements Clock {
  #monotonic: number;
  /** What wall time is ahead of monotonic time. */
  #ahead: number;
  /** In the order of firing. */
  readonly #timers: ManualTimer[] = [];
  #seed = 1;

  constructor(start = Date.UTC(2024, 0, 1), monotonic = 1_000) {
    this.#monotonic = monotonic;
    this.#ahead = start - monotonic;
  }

  /** Timers set and neither fired nor cleared. Timeout signals do not count. */
  get pending(): number {
    return this.#timers.filter(({ isSignal }) => !isSignal).length;
  }

  now(): number {
    return this.#monotonic + this.#ahead;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** Like Node's, a timer takes at least 1 ms. */
  setTimeout(fn: () => void, ms: number): TimerHandle {
    return this.#set(fn, ms, false);
  }

  clearTimeout(handle: TimerHandle): void {
    const index = this.#timers.indexOf(handle as ManualTimer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  setImmediate(fn: () => void): void {
    setImmediate(fn);
  }

  timeout(ms: number): AbortSignal {
    const abort = new AbortController();
    this.#set(() => abort.abort(new DOMException('the time is over', 'TimeoutError')), ms, true);
    return abort.signal;
  }

  /** The same numbers for every new clock: Tommy Ettinger's mulberry32. */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), this.#seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  randomBytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.random() * 256);
  }

  /**
   * Moves time on. Each due timer fires at its own due time, those set meanwhile included, and all microtasks
   * (awaited promises) run before the first, between two, and after the last.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await microtasks();
    for (let next = this.#timers[0]; next !== undefined && next.due <= end; next = this.#timers[0]) {
      this.#timers.shift();
      this.#monotonic = Math.max(this.#monotonic, next.due);
      next.fn();
      await microtasks();
    }
    this.#monotonic = end;
  }

  /** Time passes and no timer fires, as while the event loop is blocked. What became due fires at the next `advance`. */
  block(ms: number): void {
    this.#monotonic += ms;
  }

  /** Changes what `now()` tells and nothing else, as when the machine's clock is set forward or (less than 0) back. */
  setWall(ms: number): void {
    this.#ahead += ms;
  }

  #set(fn: () => void, ms: number, isSignal: boolean): ManualTimer {
    const timer = { due: this.#monotonic + Math.max(ms, 1), fn, isSignal, unref: () => timer };
    const later = this.#timers.findIndex((other) => other.due > timer.due);
    this.#timers.splice(later < 0 ? this.#timers.length : later, 0, timer);
    return timer;
  }
}

/** A turn of the event loop runs every microtask there is, however long the chains. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
