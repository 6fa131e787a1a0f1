/** Watching how many handlers run at once. */
import { Deferred } from './deferred.js';

/** Counts what runs inside `watch`, in all and per key. */
export class ConcurrencyMeter {
  running = 0;
  peak = 0;
  peakPerKey = 0;
  readonly #perKey = new Map<string, number>();

  async watch(key: string, body: () => Promise<void>): Promise<void> {
    const ofKey = (this.#perKey.get(key) ?? 0) + 1;
    this.#perKey.set(key, ofKey);
    this.running++;
    this.peak = Math.max(this.peak, this.running);
    this.peakPerKey = Math.max(this.peakPerKey, ofKey);
    try {
      await body();
    } finally {
      this.running--;
      this.#perKey.set(key, (this.#perKey.get(key) ?? 1) - 1);
    }
  }
}

/** Lets callers go on in rounds of `size`: with fewer than that at once, nobody ever does. */
export class Rendezvous {
  readonly #size: number;
  #waiting: Deferred[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  meet(): Promise<void> {
    const place = new Deferred();
    this.#waiting.push(place);
    if (this.#waiting.length >= this.#size) {
      const round = this.#waiting;
      this.#waiting = [];
      for (const { resolve } of round) resolve();
    }
    return place.promise;
  }
}
