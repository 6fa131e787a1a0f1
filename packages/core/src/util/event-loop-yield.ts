/** Keeps work that never waits (an in-process transport, synchronous handlers) from starving the event loop. */

import type { Clock } from '../clock.js';

/** Longest stretch of such work before timers and I/O get a turn. */
const MAX_STRETCH_MS = 8;

/** One for each bus: publishers and subscriptions yield together, and keep pace with each other meanwhile. */
export class EventLoopYield {
  readonly #clock: Pick<Clock, 'monotonic' | 'setImmediate'>;
  #began: number;
  #turn: Promise<void> | undefined;

  constructor(clock: Pick<Clock, 'monotonic' | 'setImmediate'>) {
    this.#clock = clock;
    this.#began = clock.monotonic();
  }

  /** A promise to await before going on; `undefined` while the stretch is short. Ask once per batch, not per message. */
  due(): Promise<void> | undefined {
    if (this.#turn !== undefined) return this.#turn;
    if (this.#clock.monotonic() - this.#began <= MAX_STRETCH_MS) return undefined;
    this.#turn = new Promise((resolve) => {
      this.#clock.setImmediate(() => {
        this.#turn = undefined;
        this.#began = this.#clock.monotonic();
        resolve();
      });
    });
    return this.#turn;
  }

  /** The yield that is under way, if any. */
  get pending(): Promise<void> | undefined {
    return this.#turn;
  }
}
