/** The unsettled deliveries of a subscription in the order of the log: a list that allocates nothing. */
import type { Delivery } from './delivery.js';

export class InFlight implements Iterable<Delivery> {
  #oldest: Delivery | undefined;
  #newest: Delivery | undefined;
  count = 0;
  bytes = 0;

  get oldest(): Delivery | undefined {
    return this.#oldest;
  }

  add(delivery: Delivery): void {
    delivery.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = delivery;
    else this.#newest.newer = delivery;
    this.#newest = delivery;
    this.count++;
    this.bytes += delivery.bytes;
  }

  /** Call once for each delivery added. */
  remove(delivery: Delivery): void {
    const { older, newer } = delivery;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    delivery.older = undefined;
    delivery.newer = undefined;
    this.count--;
    this.bytes -= delivery.bytes;
  }

  /**
   * The oldest of each partition, and since when the oldest of all is here. By its arrival: a producer may have stamped it
   * with any time.
   */
  held(): { held: ReadonlyMap<number, object>; oldestArrival: number | undefined } {
    const held = new Map<number, object>();
    for (let delivery = this.#oldest; delivery !== undefined; delivery = delivery.newer) {
      const partition = delivery.incoming.position?.partition ?? 0;
      if (!held.has(partition)) held.set(partition, delivery);
    }
    return { held, oldestArrival: this.#oldest?.receivedAt };
  }

  /** Oldest first. The current one may be removed while iterating. */
  *[Symbol.iterator](): Iterator<Delivery> {
    for (let delivery = this.#oldest; delivery !== undefined; ) {
      const next: Delivery | undefined = delivery.newer;
      yield delivery;
      delivery = next;
    }
  }
}
