/** Runs of events, at most so many at once. */
import type { Held } from './batch.js';

/**
 * Works on runs in the order they were added, at most `concurrency` at once. A run holds one aggregate's events of a
 * batch.
 */
export class RunQueue {
  readonly #concurrency: number;
  readonly #work: (run: readonly Held[]) => Promise<void>;
  readonly #waiting: (readonly Held[])[] = [];
  #active = 0;

  /** `work` must not reject. */
  constructor(concurrency: number, work: (run: readonly Held[]) => Promise<void>) {
    this.#concurrency = concurrency;
    this.#work = work;
  }

  add(runs: readonly (readonly Held[])[]): void {
    this.#waiting.push(...runs);
    this.#next();
  }

  #next(): void {
    while (this.#active < this.#concurrency) {
      const run = this.#waiting.shift();
      if (run === undefined) return;
      this.#active++;
      void this.#work(run).finally(() => {
        this.#active--;
        this.#next();
      });
    }
  }
}
