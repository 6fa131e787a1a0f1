/** Deliveries of a consumer that this instance holds, and their acknowledgements. */
import type { Clock, Settlement, SettleToken } from '@ebus/core/driver';
import type { Link } from '../link.js';
import { Wire } from '../wire.js';
import type { JetStreamDelivery } from './delivery.js';

const WORKING = '+WPI';
const TERM = '+TERM';
const NAK = '-NAK';
const NAK_LATER = '-NAK {"delay": 1000000000}';
const CONFIRM_MS = 2_000;

const textOf = (subject: Uint8Array) => Buffer.from(subject).toString();

/**
 * Unsettled deliveries of one consumer. Acknowledgements are sent without waiting for an answer; those of lost deliveries
 * are left out.
 */
export class Deliveries {
  /** Pushed and not settled, by sequence: the newest delivery of each. */
  readonly #held = new Map<number, JetStreamDelivery>();
  /** Handed back or let go of, by sequence, until they come again or the group has settled them. */
  readonly #left = new Set<number>();
  readonly #clock: Pick<Clock, 'setImmediate'> | undefined;
  /** Words that are not sent yet, each behind its delivery. */
  #unsaid: (JetStreamDelivery | string | undefined)[] = [];
  #isSoon = false;
  #link: Link | undefined;
  #wire: Wire | undefined;
  /** Something was said of it last. */
  #last: JetStreamDelivery | undefined;
  /** What can be said of it again without a change. */
  #again = WORKING;

  /** @param clock with it, all that is settled in one turn of the event loop is sent in one write, at its end */
  constructor(clock?: Pick<Clock, 'setImmediate'>) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Some were handed back or let go of: the server knows what became of them. */
  get hasLeft(): boolean {
    return this.#left.size > 0;
  }

  /** Sequences of deliveries that are held, or were and are unsettled: a consumer that is made anew begins before them. */
  *unsettled(): IterableIterator<number> {
    yield* this.#held.keys();
    yield* this.#left;
  }

  [Symbol.iterator](): IterableIterator<JetStreamDelivery> {
    return this.#held.values();
  }

  /** It is the newest delivery of its message, and not settled. */
  holds(delivery: JetStreamDelivery): boolean {
    return this.#held.get(delivery.sequence) === delivery;
  }

  online(link: Link | undefined): void {
    if (link !== this.#link) this.flush();
    if (link !== undefined && link !== this.#link) this.#wire = new Wire(link.connection);
    this.#link = link;
  }

  add(delivery: JetStreamDelivery): void {
    this.#held.set(delivery.sequence, delivery);
    if (this.#left.size > 0) this.#left.delete(delivery.sequence);
  }

  settle(done: readonly Settlement[]): void {
    for (const one of done) this.#settle(one);
    this.#flushSoon();
  }

  /** Sends what was settled until now. Without a connection the server will deliver it again, and is told then. */
  flush(): void {
    const unsaid = this.#unsaid;
    if (unsaid.length === 0) return;
    this.#unsaid = [];
    const [link, wire] = [this.#link, this.#wire];
    if (link === undefined || link.isClosed || wire === undefined) return;
    try {
      for (let i = 0; i < unsaid.length; i += 2) {
        wire.add((unsaid[i] as JetStreamDelivery).reply, unsaid[i + 1] as string | undefined);
      }
      wire.flush();
    } catch {
      // It closes at this moment.
    }
  }

  /** Handlers that wait end one by one, and each write costs client and server a call of the system. */
  #flushSoon(): void {
    if (this.#clock === undefined) return this.flush();
    if (this.#isSoon) return;
    this.#isSoon = true;
    this.#clock.setImmediate(() => {
      this.#isSoon = false;
      this.flush();
    });
  }

  #settle({ token, outcome }: Settlement): void {
    const delivery = token as JetStreamDelivery;
    // Lost meanwhile: another message may have its number.
    if (!this.holds(delivery)) return;
    this.#held.delete(delivery.sequence);
    if (outcome === 'released') this.#left.add(delivery.sequence);
    this.#say(delivery, outcome === 'released' ? NAK : outcome === 'dead-lettered' ? TERM : undefined);
  }

  /** False where none of them is here. */
  extendLease(tokens: Iterable<SettleToken>): boolean {
    let any = false;
    for (const token of tokens) {
      const delivery = token as JetStreamDelivery;
      if (!this.holds(delivery)) continue;
      this.#say(delivery, WORKING);
      any = true;
    }
    this.flush();
    return any;
  }

  /** They are another member's, perhaps: nothing is said of them any more, and they take no room. */
  drop(lost: readonly SettleToken[]): void {
    for (const token of lost) {
      const delivery = token as JetStreamDelivery;
      if (!this.holds(delivery)) continue;
      this.#held.delete(delivery.sequence);
      this.#left.add(delivery.sequence);
    }
  }

  /** Not for this instance, or not now: it comes again after a while, to another one perhaps. */
  refuse(delivery: JetStreamDelivery): void {
    this.#say(delivery, NAK_LATER);
    this.flush();
  }

  /** Another consumer of the group delivers it, too, and it is handled there. */
  pass(delivery: JetStreamDelivery): void {
    this.#say(delivery, undefined);
    this.flush();
  }

  /** The server counts all messages up to here as settled. Core has let go of those that other instances got. */
  settledThrough(sequence: number): void {
    for (const held of this.#held.keys()) if (held <= sequence) this.#held.delete(held);
    for (const left of this.#left) if (left <= sequence) this.#left.delete(left);
  }

  /** The stream was made anew: its sequences are others. @returns the held deliveries of the old one */
  forget(): JetStreamDelivery[] {
    const held = [...this.#held.values()];
    this.#held.clear();
    this.#left.clear();
    this.#last = undefined;
    return held;
  }

  /**
   * The server works acknowledgements off one by one: its answer to one more says that all are done. False where it cannot be
   * asked. @throws where it does not answer
   */
  async confirm(): Promise<boolean> {
    this.flush();
    if (this.#last === undefined || this.#link === undefined || this.#link.isClosed) return false;
    await this.#link.connection.request(textOf(this.#last.reply), this.#again, { timeout: CONFIRM_MS });
    return true;
  }

  /** Goes with the next flush. */
  #say(delivery: JetStreamDelivery, what: string | undefined): void {
    // A lease for one that is to come again after a while would put that off.
    this.#again = what === NAK_LATER ? NAK_LATER : WORKING;
    this.#last = delivery;
    this.#unsaid.push(delivery, what);
  }
}
