/** Asynchronous work of one key, one after the other. */

/** Runs the work of one key in the order of the calls; other keys do not wait. A key without work takes no memory. */
export class Turns {
  /** The last work of each key. */
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Begins at once where nothing of the key is under way, else once that has ended, well or not. Settles as the work
   * does; errors of the work must come as rejections.
   */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const running = before === undefined ? work() : before.then(work, work);
    this.#last.set(key, running);
    const done = () => {
      if (this.#last.get(key) === running) this.#last.delete(key);
    };
    running.then(done, done);
    return running;
  }
}
