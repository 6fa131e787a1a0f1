/** Fewer and larger requests, without waiting: each takes along what was added while the one before ran. */
export class Batches<T> {
  readonly #run: (items: T[]) => Promise<void>;
  #items: T[] = [];
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** `run` is never called while an earlier call is under way. */
  constructor(run: (items: T[]) => Promise<void>) {
    this.#run = run;
  }

  /** Resolves, or rejects, with the run that had these items. */
  add(items: readonly T[]): Promise<void> {
    this.#items.push(...items);
    this.#next ??= this.#running.then(() => {
      const batch = this.#items;
      this.#items = [];
      this.#next = undefined;
      const run = this.#run(batch);
      this.#running = run.catch(() => {});
      return run;
    });
    return this.#next;
  }

  /** Resolves once everything that was added has run. */
  async idle(): Promise<void> {
    let last: Promise<void> | undefined;
    while (last !== (this.#next ?? this.#running)) {
      last = this.#next ?? this.#running;
      await last.catch(() => {});
    }
  }
}
