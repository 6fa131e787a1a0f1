/** Collects what is finished and hands it to the driver in batches. */
import type { DriverSubscription } from '../driver/driver.js';
import { isPromise } from '../util/promise.js';
import type { Delivery } from './delivery.js';

export class Settler {
  readonly #driver: DriverSubscription;
  readonly #onError: (error: unknown, count: number) => void;
  readonly #flushSoon = () => {
    this.#scheduled = false;
    if (!this.#batching) this.flush();
  };
  #ready: Delivery[] = [];
  #spare: Delivery[] = [];
  #scheduled = false;
  #batching = false;
  readonly #unconfirmed = new Set<Promise<void>>();

  constructor(driver: DriverSubscription, onError: (error: unknown, count: number) => void) {
    this.#driver = driver;
    this.#onError = onError;
  }

  /** The delivery's outcome is final: it is settled with the current batch, or by the next microtask. */
  add(delivery: Delivery): void {
    this.#ready.push(delivery);
    if (this.#batching || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#flushSoon);
  }

  /** Until `endBatch`, what is added waits: one call to the driver for a batch of synchronous handlers. */
  beginBatch(): void {
    this.#batching = true;
  }

  endBatch(): void {
    this.#batching = false;
    this.flush();
  }

  flush(): void {
    if (this.#ready.length === 0) return;
    const batch = this.#ready;
    this.#ready = this.#spare;
    const count = batch.length;
    const recycle = () => {
      batch.length = 0;
      this.#spare = batch;
    };
    this.#spare = [];
    try {
      const settled = this.#driver.settle(batch);
      if (!isPromise(settled)) return recycle();
      const confirmed = Promise.resolve(settled).then(recycle, (error: unknown) =>
        this.#onError(error, count),
      );
      this.#unconfirmed.add(confirmed);
      void confirmed.finally(() => this.#unconfirmed.delete(confirmed));
    } catch (error) {
      this.#onError(error, count);
    }
  }

  /** Of the calls to the driver that have not confirmed, the one that is waiting longest. */
  get oldestUnconfirmed(): object | undefined {
    return this.#unconfirmed.values().next().value;
  }

  /** Resolves when the driver has confirmed everything added so far. Never rejects. */
  async settled(): Promise<void> {
    this.flush();
    while (this.#unconfirmed.size > 0) await Promise.all(this.#unconfirmed);
  }
}
