/** Deliveries of a consumer that this instance holds, and their acknowledgements. */
import type { Clock, Settlement, SettleToken } from '@ebus/core/driver';
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { Link } from '../link.js';
import { Acknowledger, NAK, NAK_LATER, TERM } from './acknowledger.js';
import type { JetStreamDelivery } from './delivery.js';

/**
 * Unsettled deliveries of one consumer: settled one by one (`SingleDeliveries`), or by prefix (`PrefixDeliveries`). Acknowledgements
 * are sent without waiting for an answer; those of lost deliveries are left out. Iterates over those that core has and has not
 * settled.
 */
export interface Deliveries extends Iterable<JetStreamDelivery> {
  /** Pushed, and not settled as the server counts. */
  readonly size: number;
  /** Pushed and not settled: core has them. */
  readonly inHand: number;
  /** Some were handed back or let go of: the server knows what became of them. */
  readonly hasLeft: boolean;
  /** Sequences of deliveries that are held, or were and are unsettled: a consumer that is made anew begins before them. */
  unsettled(): Iterable<number>;
  /** It is the newest delivery of its message, and not settled. */
  holds(delivery: JetStreamDelivery): boolean;
  online(link: Link | undefined): void;
  /** False: its message was settled here already, and is not to be pushed. */
  add(delivery: JetStreamDelivery): boolean;
  settle(done: readonly Settlement[]): void;
  /** Sends what was settled until now. Without a connection the server will deliver it again, and is told then. */
  flush(): void;
  /** False where none of them is here. */
  extendLease(tokens: Iterable<SettleToken>): boolean;
  /** They are another member's, perhaps: nothing is said of them any more, and they take no room. */
  drop(lost: readonly SettleToken[]): void;
  /** Not for this instance, or not now: it comes again after a while, to another one perhaps. */
  refuse(delivery: JetStreamDelivery): void;
  /** Another consumer of the group delivers it, too, and it is handled there. */
  pass(delivery: JetStreamDelivery): void;
  /** The server counts all messages up to here as settled. Core has let go of those that other instances got. */
  settledThrough(sequence: number): void;
  /** The stream was made anew: its sequences are others. @returns the held deliveries of the old one */
  forget(): JetStreamDelivery[];
  /** @returns false where the server cannot be asked whether it knows all that was said. @throws where it does not answer */
  confirm(): Promise<boolean>;

  // Where messages are settled by prefix.

  /** Other requests than before: deliveries may be missing here. */
  interrupted?(): void;
  /** The consumer, as the server says it is. */
  learn?(info: ConsumerInfo): void;
  /** Another consumer has the name, in the same stream: it delivers all of these again. */
  anotherConsumer?(): void;
  /** Messages up to that sequence that are settled here, and not as the server counts. */
  settledHere?(last: number): number;
}

/** Each message is acknowledged by itself. */
export class SingleDeliveries implements Deliveries {
  /** Pushed and not settled, by sequence: the newest delivery of each. */
  readonly #held = new Map<number, JetStreamDelivery>();
  /** Handed back or let go of, by sequence, until they come again or the group has settled them. */
  readonly #left = new Set<number>();
  readonly #server: Acknowledger;

  /** @param clock with it, all that is settled in one turn of the event loop is sent in one write, at its end */
  constructor(clock?: Pick<Clock, 'setImmediate'>) {
    this.#server = new Acknowledger(clock);
  }

  get size(): number {
    return this.#held.size;
  }

  get inHand(): number {
    return this.#held.size;
  }

  get hasLeft(): boolean {
    return this.#left.size > 0;
  }

  *unsettled(): IterableIterator<number> {
    yield* this.#held.keys();
    yield* this.#left;
  }

  [Symbol.iterator](): IterableIterator<JetStreamDelivery> {
    return this.#held.values();
  }

  holds(delivery: JetStreamDelivery): boolean {
    return this.#held.get(delivery.sequence) === delivery;
  }

  online(link: Link | undefined): void {
    this.#server.online(link);
  }

  add(delivery: JetStreamDelivery): true {
    this.#held.set(delivery.sequence, delivery);
    if (this.#left.size > 0) this.#left.delete(delivery.sequence);
    return true;
  }

  settle(done: readonly Settlement[]): void {
    for (const one of done) this.#settle(one);
    this.#server.flushSoon();
  }

  flush(): void {
    this.#server.flush();
  }

  #settle({ token, outcome }: Settlement): void {
    const delivery = token as JetStreamDelivery;
    // Lost meanwhile: another message may have its number.
    if (!this.holds(delivery)) return;
    this.#held.delete(delivery.sequence);
    if (outcome === 'released') this.#left.add(delivery.sequence);
    this.#server.say(delivery, outcome === 'released' ? NAK : outcome === 'dead-lettered' ? TERM : undefined);
  }

  extendLease(tokens: Iterable<SettleToken>): boolean {
    return this.#server.renew(tokens, this);
  }

  drop(lost: readonly SettleToken[]): void {
    for (const token of lost) {
      const delivery = token as JetStreamDelivery;
      if (!this.holds(delivery)) continue;
      this.#held.delete(delivery.sequence);
      this.#left.add(delivery.sequence);
    }
  }

  refuse(delivery: JetStreamDelivery): void {
    this.#server.say(delivery, NAK_LATER);
    this.#server.flush();
  }

  pass(delivery: JetStreamDelivery): void {
    this.#server.say(delivery);
    this.#server.flush();
  }

  settledThrough(sequence: number): void {
    for (const held of this.#held.keys()) if (held <= sequence) this.#held.delete(held);
    for (const left of this.#left) if (left <= sequence) this.#left.delete(left);
  }

  forget(): JetStreamDelivery[] {
    const held = [...this.#held.values()];
    this.#held.clear();
    this.#left.clear();
    this.#server.forget();
    return held;
  }

  confirm(): Promise<boolean> {
    return this.#server.confirm();
  }
}
