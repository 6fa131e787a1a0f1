/** Which publishes a `flush` waits for: those of the epochs begun before it, counted, not listed. */

export interface FlushEpoch {
  open: number;
  waiters: (() => void)[];
}

export class FlushEpochs {
  #current: FlushEpoch = { open: 0, waiters: [] };
  readonly #earlier = new Set<FlushEpoch>();

  begin(): FlushEpoch {
    this.#current.open++;
    return this.#current;
  }

  settle(epoch: FlushEpoch): void {
    epoch.open--;
    if (epoch.open > 0 || epoch === this.#current) return;
    this.#earlier.delete(epoch);
    for (const wake of epoch.waiters) wake();
  }

  /** Resolves when everything begun before the call has settled. */
  async settled(): Promise<void> {
    if (this.#current.open > 0) {
      this.#earlier.add(this.#current);
      this.#current = { open: 0, waiters: [] };
    }
    await Promise.all(
      [...this.#earlier].map((epoch) => new Promise<void>((wake) => epoch.waiters.push(wake))),
    );
  }
}
