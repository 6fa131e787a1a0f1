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

  /** Oldest first. The current one may be removed while iterating. */
  *[Symbol.iterator](): Iterator<Delivery> {
    for (let delivery = this.#oldest; delivery !== undefined; ) {
      const next: Delivery | undefined = delivery.newer;
      yield delivery;
      delivery = next;
    }
  }
}
