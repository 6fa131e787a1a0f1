/**
 * Deliveries of a consumer with ack policy `all`: an acknowledgement of one confirms all before it. So it is said only of a message
 * before which nothing is unsettled. Settled messages behind an unsettled one stay unconfirmed, and are kept here.
 *
 * An acknowledgement of a former member confirms no message of the present one that the former has not settled: it is said only of what was
 * known and settled here. Where another member, or a broken connection, may have messages that are not known here, nothing is confirmed
 * (`Completeness`).
 */
import type { Clock, Settlement, SettleToken } from '@ebus/core/driver';
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { Link } from '../link.js';
import { Acknowledger, NAK, NAK_LATER, WORKING } from './acknowledger.js';
import { Completeness } from './completeness.js';
import type { Deliveries } from './deliveries.js';
import type { JetStreamDelivery } from './delivery.js';

interface PrefixDeliveriesOptions {
  readonly clock: Clock;
  /** The lease of a delivery, in milliseconds. */
  readonly ackWait: number;
  /** Settled messages wait for an answer of the server about the consumer (`learn`). */
  onDoubt(): void;
  /** There may be room for more. */
  onRoom(): void;
}

/** Settled by prefix. */
export class PrefixDeliveries implements Deliveries {
  readonly #options: PrefixDeliveriesOptions;
  readonly #server: Acknowledger;
  readonly #completeness: Completeness;
  /** The newest delivery of each unconfirmed message, by sequence; ascending if `#isSorted`. */
  #unconfirmed = new Map<number, JetStreamDelivery>();
  #isSorted = true;
  #open = 0;
  #settled = 0;
  #newest = 0;
  /**
   * The newest sequence when a message came again. The server ignores an acknowledgement of a delivery that it made before one that is
   * acknowledged already: of the messages up to here only the last is acknowledged.
   */
  #mixedThrough = 0;
  #isLeaving = false;

  constructor(options: PrefixDeliveriesOptions) {
    this.#options = options;
    this.#server = new Acknowledger(options.clock);
    this.#completeness = new Completeness(options);
  }

  get size(): number {
    return this.#open + this.#settled;
  }

  get inHand(): number {
    return this.#open;
  }

  /** Settled, and not as the server counts. */
  get settled(): number {
    return this.#settled;
  }

  /** Nothing is confirmed before the server has said more. */
  get isInDoubt(): boolean {
    return !this.#completeness.isComplete;
  }

  get hasLeft(): boolean {
    return this.#unconfirmed.size > this.size;
  }

  unsettled(): Iterable<number> {
    return this.#unconfirmed.keys();
  }

  *[Symbol.iterator](): IterableIterator<JetStreamDelivery> {
    for (const delivery of this.#unconfirmed.values()) if (delivery.state === 'open') yield delivery;
  }

  holds(delivery: JetStreamDelivery): boolean {
    return delivery.state === 'open' && this.#unconfirmed.get(delivery.sequence) === delivery;
  }

  online(link: Link | undefined): void {
    this.#server.online(link);
  }

  interrupted(): void {
    this.#completeness.interrupted();
  }

  add(delivery: JetStreamDelivery): boolean {
    const known = this.#known(delivery);
    if (known === 'settled') {
      delivery.state = 'settled';
      return false;
    }
    if (known !== 'open') this.#open++;
    delivery.state = 'open';
    return true;
  }

  settle(done: readonly Settlement[]): void {
    for (const { token, outcome } of done) {
      const delivery = token as JetStreamDelivery;
      if (!this.holds(delivery)) continue;
      this.#open--;
      if (outcome === 'released') {
        delivery.state = 'left';
        // At the end all go back in one order.
        if (!this.#isLeaving) this.#server.say(delivery, NAK);
      } else {
        delivery.state = 'settled';
        this.#settled++;
      }
    }
    this.#confirmSettled();
    this.#server.flushSoon();
  }

  flush(): void {
    this.#server.flush();
  }

  extendLease(tokens: Iterable<SettleToken>): boolean {
    return this.#server.renew(tokens, this);
  }

  /** Renews the leases of settled messages that are not confirmed yet. */
  keepSettled(): void {
    if (this.#settled === 0) return;
    for (const delivery of this.#unconfirmed.values())
      if (delivery.state === 'settled') this.#server.say(delivery, WORKING);
    this.#server.flush();
  }

  drop(lost: readonly SettleToken[]): void {
    for (const token of lost) {
      const delivery = token as JetStreamDelivery;
      if (!this.holds(delivery)) continue;
      delivery.state = 'left';
      this.#open--;
    }
  }

  refuse(delivery: JetStreamDelivery): void {
    const known = this.#known(delivery);
    if (known === 'open') this.#open--;
    delivery.state = known === 'settled' ? 'settled' : 'left';
    this.#server.say(delivery, NAK_LATER);
    this.#server.flush();
  }

  pass(delivery: JetStreamDelivery): void {
    if (this.add(delivery)) this.settle([{ token: delivery, outcome: 'handled' }]);
  }

  settledThrough(sequence: number): void {
    for (const [of, delivery] of this.#unconfirmed) if (of <= sequence) this.#remove(delivery);
  }

  forget(): JetStreamDelivery[] {
    const held = [...this];
    this.anotherConsumer();
    this.#server.forget();
    return held;
  }

  anotherConsumer(): void {
    this.#unconfirmed.clear();
    this.#isSorted = true;
    [this.#open, this.#settled, this.#newest, this.#mixedThrough] = [0, 0, 0, 0];
    this.interrupted();
  }

  learn(info: ConsumerInfo): void {
    this.settledThrough(info.ack_floor.stream_seq);
    this.#completeness.learn(info, this.#count(info.delivered.stream_seq));
    this.#confirmSettled();
    this.#server.flush();
    this.#options.onRoom();
  }

  settledHere(last: number): number {
    return this.#settled === 0 ? 0 : this.#count(last, 'settled');
  }

  /** No more is delivered: what is handed back from now on goes with `handBack`. */
  leaving(): void {
    this.#isLeaving = true;
  }

  /** All that is not confirmed comes again at once, in order, to whoever is next. */
  handBack(): void {
    this.#sort();
    for (const delivery of this.#unconfirmed.values())
      if (delivery.state !== 'open') this.#server.say(delivery, NAK);
    this.#server.flush();
  }

  confirm(): Promise<boolean> {
    return this.#server.confirm();
  }

  /** The newest delivery takes the place of the one before. @returns what had become of that */
  #known(delivery: JetStreamDelivery): JetStreamDelivery['state'] | undefined {
    const { sequence, consumerSequence } = delivery;
    const known = this.#unconfirmed.get(sequence);
    this.#completeness.received(consumerSequence);
    if (sequence > this.#newest) this.#newest = sequence;
    else {
      this.#mixedThrough = this.#newest;
      if (known === undefined) {
        // There may be more of the kind.
        this.#isSorted = false;
        this.#completeness.doubt();
      }
    }
    this.#unconfirmed.set(sequence, delivery);
    return known?.state;
  }

  /** Acknowledges the last message before which nothing is unsettled. Goes with the next flush. */
  #confirmSettled(): void {
    if (this.#settled === 0 || !this.#server.isOnline) return;
    if (!this.#completeness.isComplete) return this.#options.onDoubt();
    this.#sort();
    let last: JetStreamDelivery | undefined;
    for (const delivery of this.#unconfirmed.values()) {
      if (delivery.state !== 'settled') break;
      last = delivery;
    }
    if (last === undefined || last.sequence < this.#mixedThrough) return;
    this.#server.say(last);
    for (const delivery of this.#unconfirmed.values()) {
      if (delivery.sequence > last.sequence) break;
      this.#remove(delivery);
    }
  }

  #remove({ sequence, state }: JetStreamDelivery): void {
    this.#unconfirmed.delete(sequence);
    if (state === 'open') this.#open--;
    if (state === 'settled') this.#settled--;
  }

  #sort(): void {
    if (this.#isSorted) return;
    this.#unconfirmed = new Map([...this.#unconfirmed].sort(([a], [b]) => a - b));
    this.#isSorted = true;
  }

  #count(last: number, state?: JetStreamDelivery['state']): number {
    let count = 0;
    for (const delivery of this.#unconfirmed.values())
      if (delivery.sequence <= last && (state === undefined || delivery.state === state)) count++;
    return count;
  }
}
