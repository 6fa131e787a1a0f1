/** A clock that stands still until a test moves it. */
import { setImmediate } from 'node:timers';
import type { Clock, TimerHandle } from '../clock.js';

interface ManualTimer extends TimerHandle {
  readonly due: number;
  readonly fn: () => void;
}

/** Timers fire only inside `advance`, ordered by due time, then by when they were set. */
export class ManualClock implements Clock {
  #now: number;
  /** In the order of firing. */
  readonly #timers: ManualTimer[] = [];

  constructor(start = Date.UTC(2024, 0, 1)) {
    this.#now = start;
  }

  /** Timers set and neither fired nor cleared. */
  get pending(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#now;
  }

  /** Like Node's, a timer takes at least 1 ms. */
  setTimeout(fn: () => void, ms: number): TimerHandle {
    const timer: ManualTimer = { due: this.#now + Math.max(ms, 1), fn, unref: () => timer };
    const later = this.#timers.findIndex((other) => other.due > timer.due);
    this.#timers.splice(later < 0 ? this.#timers.length : later, 0, timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    const index = this.#timers.indexOf(handle as ManualTimer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  /**
   * Moves time on. Each due timer fires at its own due time, those set meanwhile included, and all microtasks
   * (awaited promises) run before the first, between two, and after the last.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await microtasks();
    for (let next = this.#timers[0]; next !== undefined && next.due <= end; next = this.#timers[0]) {
      this.#timers.shift();
      this.#now = next.due;
      next.fn();
      await microtasks();
    }
    this.#now = end;
  }

  /** Changes `now()` without firing anything, as when the machine's clock is set. */
  jump(ms: number): void {
    this.#now += ms;
  }
}

/** A turn of the event loop runs every microtask there is, however long the chains. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
