/** Keeps work that never waits (an in-process transport, synchronous handlers) from starving the event loop. */

/** Longest stretch of such work before timers and I/O get a turn. */
const MAX_STRETCH_MS = 8;

/** One for each bus: publishers and subscriptions draw breath together, and keep pace with each other meanwhile. */
export class Breather {
  #began = performance.now();
  #breath: Promise<void> | undefined;

  /** What to await before going on; `undefined` while the stretch is short. Ask once per batch, not per message. */
  due(): Promise<void> | undefined {
    if (this.#breath !== undefined) return this.#breath;
    if (performance.now() - this.#began <= MAX_STRETCH_MS) return undefined;
    this.#breath = new Promise((resolve) => {
      setImmediate(() => {
        this.#breath = undefined;
        this.#began = performance.now();
        resolve();
      });
    });
    return this.#breath;
  }

  /** The breath being drawn, if any. */
  get pending(): Promise<void> | undefined {
    return this.#breath;
  }
}
