/** Collects finished deliveries and hands them to the driver in batches. */
import type { DriverSubscription } from '../driver/subscription.js';
import { isPromise } from '../util/promise.js';
import type { Delivery } from './delivery.js';

/** A call to the driver that has not been confirmed. */
interface Unconfirmed {
  readonly confirmed: Promise<void>;
  readonly partitions: ReadonlySet<number>;
}

/** Told of a batch that the driver confirms later. Returns who hears of the outcome, if anyone. */
export type Settling = (batch: readonly Delivery[]) => ((error?: unknown) => void) | undefined;

/** Settles in the order of `add`. Errors of the driver go to `onError`; such messages come again. */
export class Settler {
  readonly #onError: (error: unknown, count: number) => void;
  readonly #settling: Settling | undefined;
  readonly #flushSoon = () => {
    this.#scheduled = false;
    if (!this.#batching) this.flush();
  };
  #driver: DriverSubscription | undefined;
  #ready: Delivery[] = [];
  #spare: Delivery[] = [];
  #scheduled = false;
  #batching = false;
  readonly #unconfirmed = new Set<Unconfirmed>();

  constructor(onError: (error: unknown, count: number) => void, settling?: Settling) {
    this.#onError = onError;
    this.#settling = settling;
  }

  /** Who settles; once, before the first delivery. */
  attach(driver: DriverSubscription): void {
    this.#driver = driver;
  }

  /** The delivery's outcome is final: it is settled with the current batch, or by the next microtask. */
  add(delivery: Delivery): void {
    this.#ready.push(delivery);
    if (this.#batching || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#flushSoon);
  }

  /** These are not this member's any more: those that the driver was not told of yet are not settled. */
  forget(isGone: (delivery: Delivery) => boolean): void {
    this.#ready = this.#ready.filter((delivery) => !isGone(delivery));
  }

  /** Until `endBatch`, additions wait: one call to the driver for a batch of synchronous handlers. */
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
    this.#spare = [];
    const recycle = () => {
      batch.length = 0;
      this.#spare = batch;
    };
    const count = batch.length;
    try {
      const settled = this.#driver?.settle(batch);
      if (!isPromise(settled)) return recycle();
      this.#confirmLater(settled, batch, recycle);
    } catch (error) {
      this.#onError(error, count);
    }
  }

  /** Of the calls to the driver that have not confirmed, the one that is waiting longest. */
  get oldestUnconfirmed(): object | undefined {
    return this.#unconfirmed.values().next().value;
  }

  /**
   * Resolves when the driver has confirmed all additions so far, of these partitions or of all. Later additions are not
   * waited for: another partition's flow must not keep one that is given up. Never rejects.
   */
  async settled(partitions?: readonly number[]): Promise<void> {
    this.flush();
    const concerned = [...this.#unconfirmed].filter(
      (call) => partitions === undefined || partitions.some((partition) => call.partitions.has(partition)),
    );
    if (concerned.length > 0) await Promise.all(concerned.map(({ confirmed }) => confirmed));
  }

  #confirmLater(settled: Promise<void>, batch: readonly Delivery[], recycle: () => void): void {
    const count = batch.length;
    const partitions = new Set<number>();
    for (const { incoming } of batch) partitions.add(incoming.position?.partition ?? 0);
    const ended = this.#settling?.(batch);
    const confirmed = Promise.resolve(settled).then(
      () => {
        ended?.();
        recycle();
      },
      (error: unknown) => {
        ended?.(error);
        this.#onError(error, count);
      },
    );
    const call = { confirmed, partitions };
    this.#unconfirmed.add(call);
    void confirmed.finally(() => this.#unconfirmed.delete(call));
  }
}
