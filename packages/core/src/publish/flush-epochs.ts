/**
 * Which publishes a `flush` waits for: those of the epochs begun before it, counted, not listed. Every operation takes
 * constant time, amortised: epochs end in order, so that a flush waits for the last one before it only.
 */
export interface FlushEpoch {
  open: number;
  /** The flushes that wait for this epoch and all before it. */
  waiters: (() => void)[];
  next: FlushEpoch | undefined;
}

/** Counts open publishes by epoch, so that a flush waits for those before it and no others. */
export class FlushEpochs {
  /** The earliest with an open publish, or the current one. */
  #oldest: FlushEpoch = newEpoch();
  #current: FlushEpoch = this.#oldest;

  begin(): FlushEpoch {
    // Only an epoch that somebody waits for has ended.
    if (this.#current.waiters.length > 0) {
      this.#current.next = newEpoch();
      this.#current = this.#current.next;
    }
    this.#current.open++;
    return this.#current;
  }

  settle(epoch: FlushEpoch): void {
    epoch.open--;
    if (epoch.open > 0 || epoch !== this.#oldest) return;
    this.#advance();
  }

  /** Resolves when all publishes begun before the call have settled. */
  settled(): Promise<void> {
    if (this.#oldest === this.#current && this.#current.open === 0) return Promise.resolve();
    return new Promise((wake) => this.#current.waiters.push(wake));
  }

  #advance(): void {
    for (let epoch = this.#oldest; epoch.open === 0; epoch = this.#oldest) {
      const { waiters, next } = epoch;
      if (waiters.length > 0) epoch.waiters = [];
      if (next !== undefined) this.#oldest = next;
      for (const wake of waiters) wake();
      if (next === undefined) return;
    }
  }
}

function newEpoch(): FlushEpoch {
  return { open: 0, waiters: [], next: undefined };
}
