/** Keeps work that never waits (an in-process transport, synchronous handlers) from starving the event loop. */

/** Longest stretch of such work before timers and I/O get a turn. */
const MAX_STRETCH_MS = 8;

/** One for each bus: publishers and subscriptions yield together, and keep pace with each other meanwhile. */
export class EventLoopYield {
  #began = performance.now();
  #turn: Promise<void> | undefined;

  /** What to await before going on; `undefined` while the stretch is short. Ask once per batch, not per message. */
  due(): Promise<void> | undefined {
    if (this.#turn !== undefined) return this.#turn;
    if (performance.now() - this.#began <= MAX_STRETCH_MS) return undefined;
    this.#turn = new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        this.#began = performance.now();
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
