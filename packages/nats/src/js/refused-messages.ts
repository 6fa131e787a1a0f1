/** Messages that are no business of a subscription: the server keeps them as unsettled, and no member holds them. */
import type { Clock } from '@ebus/core/driver';

/** One that is still unsettled is delivered, and refused, again before that. */
const KEPT_MS = 3_000;

/** Messages that were refused here a short while ago, by stream sequence. */
export class RefusedMessages {
  readonly #clock: Clock;
  /** When each was refused last, in monotonic milliseconds. */
  readonly #at = new Map<number, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(sequence: number): void {
    this.#at.set(sequence, this.#clock.monotonic());
  }

  /** Another member may have had them meanwhile. */
  clear(): void {
    this.#at.clear();
  }

  /** How many there are up to that sequence. */
  countThrough(last: number): number {
    const since = this.#clock.monotonic() - KEPT_MS;
    let count = 0;
    for (const [sequence, at] of this.#at) {
      if (at < since) this.#at.delete(sequence);
      else if (sequence <= last) count++;
    }
    return count;
  }
}
