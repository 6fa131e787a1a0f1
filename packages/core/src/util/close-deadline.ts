/** The time at which closing stops waiting for work that runs. */
import type { Clock, TimerHandle } from '../clock.js';

/** A deadline that a later, stricter call brings forward. Nothing is left in the clock unless that happens. */
export class CloseDeadline {
  readonly #clock: Clock;
  readonly #passed = new AbortController();
  /** Monotonic. */
  #at: number;
  #timer: TimerHandle | undefined;

  /** `ms` from now, in milliseconds. */
  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#at = clock.monotonic() + ms;
  }

  /** Milliseconds until then, and `least` after it. */
  left(least = 0): number {
    return Math.max(least, this.#at - this.#clock.monotonic());
  }

  /** Aborts where the deadline was brought forward and has passed: ends waits that began with more time. */
  get passed(): AbortSignal {
    return this.#passed.signal;
  }

  /** Another call wants it in `ms`. Without effect where it is earlier anyhow. */
  bringForward(ms: number): void {
    if (ms >= this.left()) return;
    this.#at = this.#clock.monotonic() + ms;
    this.end();
    if (ms <= 0) this.#passed.abort();
    else this.#timer = this.#clock.setTimeout(() => this.#passed.abort(), ms);
  }

  /** Closing is over. */
  end(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
