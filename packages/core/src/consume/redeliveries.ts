/** Recognises redeliveries of messages that are here, or were settled here: those are handled once. */
import { HighOffsets } from '../driver/high-offsets.js';
import type { OffsetValue, Position } from '../driver/message.js';
import type { Delivery } from './delivery.js';

/** So many settled messages are remembered at least, and twice as many at most. */
const REMEMBERED = 8_192;

/**
 * For brokers with leases: a lease that ran out, an acknowledgement that got lost, a consumer that was made anew bring messages again.
 * Of each position the delivery that is here is known, and of settled ones the newest few thousand. A log that was made anew
 * has positions of its own.
 */
export class Redeliveries {
  readonly #here = new Map<string | OffsetValue, Delivery>();
  /** Two sets that only grow, and are let go of whole: to delete from a large set one by one is slow. */
  #settled = new Set<string | OffsetValue>();
  #settledBefore = new Set<string | OffsetValue>();
  #incarnation: Position['incarnation'];
  /** Positions beyond it are new, and need not be looked for. */
  readonly #highest = new HighOffsets();

  /** The delivery of that position that is here. One of another log than before says that those of before are gone. */
  find(position: Position): Delivery | undefined {
    if (position.incarnation !== this.#incarnation) this.#anotherLog(position);
    if (this.#highest.isBeyond(position)) return undefined;
    return this.#here.get(idOf(position));
  }

  /** Whether it is here. A position of another log changes nothing, other than in `find`. */
  isHere(position: Position): boolean {
    const { incarnation = this.#incarnation } = position;
    return incarnation === this.#incarnation && this.#here.has(idOf(position));
  }

  wasSettled(position: Position): boolean {
    if (this.#highest.isBeyond(position)) return false;
    const id = idOf(position);
    return this.#settled.has(id) || this.#settledBefore.has(id);
  }

  /** It is here now. */
  add(delivery: Delivery, position: Position): void {
    this.#here.set(idOf(position), delivery);
    this.#highest.note(position);
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
    this.#settled.add(id);
    if (this.#settled.size < REMEMBERED) return;
    this.#settledBefore = this.#settled;
    this.#settled = new Set();
  }

  #anotherLog({ incarnation }: Position): void {
    this.#incarnation = incarnation;
    this.#highest.clear();
    this.#here.clear();
    this.#settled.clear();
    this.#settledBefore.clear();
  }
}

function idOf({ partition, offset }: Position): string | OffsetValue {
  return partition === undefined || partition === 0 ? offset : `${partition}\0${offset}`;
}
