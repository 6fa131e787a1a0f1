/** Waiting, for a bounded time, until nothing of a subscription runs any more. */
import type { Clock } from '../clock.js';
import { type Deferred, deferred } from '../util/promise.js';
import type { InFlight } from './in-flight.js';

export class Drain {
  readonly #inFlight: InFlight;
  readonly #clock: Clock;
  #waiting: Deferred<void> | undefined;

  constructor(inFlight: InFlight, clock: Clock) {
    this.#inFlight = inFlight;
    this.#clock = clock;
  }

  /** No handler runs, and no dead letter is on its way. */
  get done(): boolean {
    for (const { state } of this.#inFlight) {
      if (state === 'running' || state === 'dead-lettering') return false;
    }
    return true;
  }

  /** A delivery has ended. Costs nothing while nobody waits. */
  noteEnd(): void {
    if (this.#waiting !== undefined && this.done) this.#waiting.resolve();
  }

  /** True if everything that runs has ended within the time, in milliseconds. */
  async within(timeout: number): Promise<boolean> {
    if (this.done) return true;
    const waiting = deferred();
    this.#waiting = waiting;
    const timer = this.#clock.setTimeout(waiting.resolve, timeout);
    await waiting.promise;
    this.#waiting = undefined;
    this.#clock.clearTimeout(timer);
    return this.done;
  }
}
