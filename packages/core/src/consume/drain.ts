/** Waiting, for a bounded time, until nothing of a subscription (or of a part of it) runs any more. */
import type { Clock } from '../clock.js';
import { deferred } from '../util/promise.js';
import type { Delivery } from './delivery.js';
import type { InFlight } from './in-flight.js';

interface Waiting {
  concerns(delivery: Delivery): boolean;
  resolve(): void;
}

const all = () => true;

export class Drain {
  readonly #inFlight: InFlight;
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();

  constructor(inFlight: InFlight, clock: Clock) {
    this.#inFlight = inFlight;
    this.#clock = clock;
  }

  /** A delivery has ended. Costs nothing while nobody waits. */
  noteEnd(): void {
    if (this.#waiting.size === 0) return;
    for (const { concerns, resolve } of this.#waiting) if (this.#done(concerns)) resolve();
  }

  /**
   * True if everything that runs has ended within the time, in milliseconds, and before the signal aborts.
   *
   * @param concerns which deliveries to wait for; all of them by default
   */
  async within(
    timeout: number,
    { concerns = all, signal }: { concerns?: (delivery: Delivery) => boolean; signal?: AbortSignal } = {},
  ): Promise<boolean> {
    if (this.#done(concerns)) return true;
    if (signal?.aborted === true) return false;
    const { promise, resolve } = deferred();
    const waiting = { concerns, resolve };
    this.#waiting.add(waiting);
    const timer = this.#clock.setTimeout(resolve, timeout);
    signal?.addEventListener('abort', resolve as () => void, { once: true });
    await promise;
    signal?.removeEventListener('abort', resolve as () => void);
    this.#waiting.delete(waiting);
    this.#clock.clearTimeout(timer);
    return this.#done(concerns);
  }

  /** No handler runs, and no dead letter is on its way. */
  #done(concerns: (delivery: Delivery) => boolean): boolean {
    for (const delivery of this.#inFlight) {
      const busy = delivery.state === 'running' || delivery.state === 'dead-lettering';
      if (busy && concerns(delivery)) return false;
    }
    return true;
  }
}
