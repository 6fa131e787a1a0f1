/** Waiting for conditions that change in many places. */

/** Promises for conditions. Each condition is checked now and at each `changed`; a waiter has no timeout of its own. */
export class Waiters {
  readonly #looking = new Set<() => void>();

  /** Resolves once the condition holds; it is looked at now, and at each `changed`. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#looking.delete(look);
        resolve();
      };
      this.#looking.add(look);
    });
  }

  changed(): void {
    for (const look of [...this.#looking]) look();
  }
}
