/** Recognises redeliveries of messages that are here, or were settled here: those are handled once. */
import type { OffsetValue, Position } from '../driver/message.js';
import type { Delivery } from './delivery.js';

/** How many settled messages are remembered. */
const REMEMBERED = 8_192;

/**
 * For brokers with leases: a lease that ran out, an acknowledgement that got lost, a consumer that was made anew bring messages again.
 * Of each position the delivery that is here is known, and of settled ones the newest few thousand. A log that was made anew
 * has positions of its own.
 */
export class Redeliveries {
  readonly #here = new Map<string | OffsetValue, Delivery>();
  readonly #settled = new Set<string | OffsetValue>();
  readonly #ring: (string | OffsetValue)[] = [];
  #next = 0;
  #incarnation: Position['incarnation'];

  /** The delivery of that position that is here. One of another log than before says that those of before are gone. */
  find(position: Position): Delivery | undefined {
    if (position.incarnation !== this.#incarnation) this.#anotherLog(position);
    return this.#here.get(idOf(position));
  }

  /** Whether it is here. A position of another log changes nothing, other than in `find`. */
  isHere(position: Position): boolean {
    const { incarnation = this.#incarnation } = position;
    return incarnation === this.#incarnation && this.#here.has(idOf(position));
  }

  wasSettled(position: Position): boolean {
    return this.#settled.has(idOf(position));
  }

  /** It is here now. */
  add(delivery: Delivery, position: Position): void {
    this.#here.set(idOf(position), delivery);
  }

  /** It is not here any more. */
  remove(delivery: Delivery, wasSettled: boolean): void {
    const { position } = delivery.incoming;
    if (position === undefined || position.incarnation !== this.#incarnation) return;
    const id = idOf(position);
    if (this.#here.get(id) !== delivery) return;
    this.#here.delete(id);
    if (wasSettled) this.#remember(id);
  }

  #remember(id: string | OffsetValue): void {
    const forgotten = this.#ring[this.#next];
    if (forgotten !== undefined) this.#settled.delete(forgotten);
    this.#ring[this.#next] = id;
    this.#next = (this.#next + 1) % REMEMBERED;
    this.#settled.add(id);
  }

  #anotherLog({ incarnation }: Position): void {
    this.#incarnation = incarnation;
    this.#here.clear();
    this.#settled.clear();
    this.#ring.length = 0;
    this.#next = 0;
  }
}

function idOf({ partition, offset }: Position): string | OffsetValue {
  return partition === undefined || partition === 0 ? offset : `${partition}\0${offset}`;
}
