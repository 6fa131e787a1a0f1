/** Waiting, for a bounded time, until nothing of a subscription (or of some of its partitions) runs any more. */
import type { Clock } from '../clock.js';
import { deferred } from '../util/promise.js';
import type { InFlight, PartitionShare } from './in-flight.js';

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
   * True if everything that runs, and every dead letter on its way, has ended within the time, in milliseconds, and before the
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
    const { promise, resolve } = deferred();
    const look = () => {
      if (isDone()) resolve();
    };
    const cut = () => resolve();
    this.#waiting.add(look);
    this.#inFlight.onFreed = this.#look;
    const timer = this.#clock.setTimeout(cut, timeout);
    signal?.addEventListener('abort', cut, { once: true });
    await promise;
    signal?.removeEventListener('abort', cut);
    this.#waiting.delete(look);
    // Costs nothing while there is nothing to wait for.
    if (this.#waiting.size === 0) this.#inFlight.onFreed = undefined;
    this.#clock.clearTimeout(timer);
    return isDone();
  }
}
