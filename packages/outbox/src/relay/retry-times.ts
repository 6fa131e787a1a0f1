/** When events that failed here may be tried again, so that the relay looks then and not at its next poll. */
import type { Clock } from '@ebus/core/driver';

/** More are left to polling. */
const MAX = 1000;

/** Keeps the due times of at most 1,000 failed events, in the monotonic time of the clock. */
export class RetryTimes {
  readonly #clock: Clock;
  #due: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An event may be tried again after so many milliseconds. */
  add(delay: number): void {
    if (this.#due.length < MAX) this.#due.push(this.#clock.monotonic() + delay);
  }

  /** Milliseconds; infinite where there is none. Those that are over are forgotten: the caller looks at once. */
  untilNext(): number {
    const now = this.#clock.monotonic();
    const next = this.#due.reduce((least, due) => Math.min(least, due), Number.POSITIVE_INFINITY);
    this.#due = this.#due.filter((due) => due > now);
    return Math.max(0, next - now);
  }
}
