/** How long the event loop was held up lately: by handlers that compute, or anything else in the process. */
import type { Clock, TimerHandle } from '../clock.js';

/** Between two ticks of a loop that is free. */
const TICK_MS = 500;
/** The memory: the worst delay of this window, and of the one before. */
const WINDOW_MS = 15_000;

/**
 * Measures how late its own timer fires. Not the histogram of `node:perf_hooks`: that records a hold-up only once it is
 * over and its timer had its turn, and who asks may be served before.
 */
export class EventLoopMonitor {
  readonly #clock: Clock;
  #timer: TimerHandle | undefined;
  #lastTick = 0;
  #windowSince = 0;
  #worst = 0;
  #worstBefore = 0;
  readonly #onTick: () => void;

  /** `onTick` is called twice a second, for other samples. */
  constructor(clock: Clock, onTick: () => void = () => {}) {
    this.#clock = clock;
    this.#onTick = onTick;
  }

  get running(): boolean {
    return this.#timer !== undefined;
  }

  /** Idempotent. The process does not live on for it. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#lastTick = this.#clock.monotonic();
    this.#windowSince = this.#lastTick;
    this.#worst = 0;
    this.#worstBefore = 0;
    this.#schedule();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Milliseconds of the longest hold-up in the last 15 to 30 s, the present one included. */
  worstMs(): number {
    if (this.#timer === undefined) return 0;
    return Math.max(this.#worst, this.#worstBefore, this.#lateness(this.#clock.monotonic()));
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimeout(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  #tick(): void {
    this.#schedule();
    const now = this.#clock.monotonic();
    this.#worst = Math.max(this.#worst, this.#lateness(now));
    this.#lastTick = now;
    if (now - this.#windowSince >= WINDOW_MS) {
      this.#worstBefore = this.#worst;
      this.#worst = 0;
      this.#windowSince = now;
    }
    try {
      this.#onTick();
    } catch {
      // What is sampled along must not end the process; the report asks again, and tells.
    }
  }

  #lateness(now: number): number {
    return Math.max(0, now - this.#lastTick - TICK_MS);
  }
}
