/** Waiting, for a bounded time, until nothing of a subscription (or of some of its partitions) runs any more. */
import type { Clock } from '../clock.js';
import { deferred } from '../util/promise.js';
import { within } from '../util/waiting.js';
import type { InFlight, PartitionShare } from './in-flight.js';

/** Waits on the list in flight; several waits may be under way. */
export class Drain {
  readonly #inFlight: InFlight;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  readonly #look = () => {
    for (const look of this.#waiting) look();
  };

  constructor(inFlight: InFlight, clock: Clock) {
    this.#inFlight = inFlight;
    this.#clock = clock;
  }

  /**
   * True if all running handlers and pending dead letters have ended within the time, in milliseconds, and before the
   * signal aborts.
   *
   * @param shares which partitions to wait for; all by default. It counts, so that a busy partition costs another's wait nothing
   */
  async within(
    timeout: number,
    { shares, signal }: { shares?: readonly PartitionShare[]; signal?: AbortSignal } = {},
  ): Promise<boolean> {
    const isDone = () =>
      shares === undefined ? this.#inFlight.busy === 0 : shares.every(({ busy }) => busy === 0);
    if (isDone()) return true;
    if (signal?.aborted === true) return false;
    const done = deferred();
    const look = () => {
      if (isDone()) done.resolve();
    };
    this.#waiting.add(look);
    this.#inFlight.onFreed = this.#look;
    await within(done.promise, { clock: this.#clock, ms: timeout, signal }, () => {});
    this.#waiting.delete(look);
    // Costs nothing while there is nothing to wait for.
    if (this.#waiting.size === 0) this.#inFlight.onFreed = undefined;
    return isDone();
  }
}
