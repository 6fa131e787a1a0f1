/** Order after interruptions on brokers with leases: of the whole topic, or of each assigned partition by itself. */
import type { DriverSubscription } from '../driver/subscription.js';
import type { LeasedOrder } from './leased-order.js';
import type { OrderRecovery } from './order-recovery.js';
import type { Missing } from './window.js';

interface Recovered {
  readonly order: LeasedOrder;
  readonly recovery: Pick<OrderRecovery, 'start' | 'resumed' | 'interrupted' | 'restored' | 'stop'>;
}

/**
 * Keys of one partition never wait for another's. A partition that is assigned begins with a question; one that is revoked or
 * lost leaves nothing behind.
 */
export class Orders implements Missing {
  readonly #make: (partition: number | undefined) => Recovered;
  #driver: DriverSubscription | undefined;
  /** Until partitions are assigned. */
  #whole: Recovered | undefined;
  readonly #partitions = new Map<number, Recovered>();

  constructor(make: (partition: number | undefined) => Recovered) {
    this.#make = make;
  }

  /** @param partitions those that were assigned by now; undefined where the transport has none */
  start(driver: DriverSubscription, partitions: ReadonlySet<number> | undefined): void {
    this.#driver = driver;
    if (partitions !== undefined) return this.assigned(partitions);
    this.#whole = this.#make(undefined);
    this.#whole.recovery.start(driver);
  }

  /** Undefined where nothing of it is this member's. */
  of(partition: number | undefined): LeasedOrder | undefined {
    return (this.#whole ?? this.#partitions.get(partition ?? 0))?.order;
  }

  assigned(partitions: Iterable<number>): void {
    const driver = this.#driver;
    if (driver === undefined) return;
    this.#whole?.recovery.stop();
    this.#whole = undefined;
    for (const partition of partitions) {
      this.#stop(partition);
      const made = this.#make(partition);
      this.#partitions.set(partition, made);
      made.recovery.start(driver);
    }
  }

  /** Deliveries that stand back are the caller's affair. */
  gone(partitions: Iterable<number>): void {
    for (const partition of partitions) this.#stop(partition);
  }

  /** Of that partition, or of all. */
  resumed(partition?: number): void {
    for (const { recovery } of this.#of(partition)) recovery.resumed();
  }

  /** The connection is away, or back: a driver may push before it says `resumed`. */
  connectionChanged(isConnected: boolean): void {
    for (const { recovery } of this.#of(undefined)) {
      if (isConnected) recovery.restored();
      else recovery.interrupted();
    }
  }

  /** How many deliveries have to come; undefined where nothing may come before that is known. */
  get missing(): number | undefined {
    if (this.#whole !== undefined)
      return this.#whole.order.phase === 'asking' ? undefined : this.#whole.order.missing;
    let missing = 0;
    for (const { order } of this.#partitions.values()) missing += order.missing;
    return missing;
  }

  /** The same for each partition that misses some. */
  get missingOf(): ReadonlyMap<number, number> | undefined {
    if (this.#whole !== undefined) return undefined;
    const missing = new Map<number, number>();
    for (const [partition, { order }] of this.#partitions)
      if (order.missing > 0) missing.set(partition, order.missing);
    return missing;
  }

  /** How many deliveries have come again, or were here before it was known what is missing, and wait for others. */
  get returned(): number {
    if (this.#whole !== undefined) return this.#whole.order.returned;
    let returned = 0;
    for (const { order } of this.#partitions.values()) returned += order.returned;
    return returned;
  }

  stop(): void {
    for (const { recovery } of this.#of(undefined)) recovery.stop();
  }

  #stop(partition: number): void {
    this.#partitions.get(partition)?.recovery.stop();
    this.#partitions.delete(partition);
  }

  #of(partition: number | undefined): Recovered[] {
    if (this.#whole !== undefined) return [this.#whole];
    if (partition === undefined) return [...this.#partitions.values()];
    const one = this.#partitions.get(partition);
    return one === undefined ? [] : [one];
  }
}
