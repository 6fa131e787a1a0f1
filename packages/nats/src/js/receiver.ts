/** Takes in the server's messages, and pushes those that came together. */
import type { Clock, Credit, Settlement } from '@ebus/core/driver';
import type { Msg } from '@nats-io/transport-node';
import type { Deliveries } from './deliveries.js';
import { JetStreamDelivery, type Place } from './delivery.js';
import type { Locator } from './locator.js';
import { RefusedMessages } from './refused-messages.js';
import type { Target } from './target.js';

interface ReceiverOptions {
  readonly clock: Clock;
  readonly target: Target;
  readonly deliveries: Deliveries;
  readonly locator: Locator;
  readonly place?: Place | undefined;
  /** False: it is no business of this subscription. `elsewhere`: another consumer of the group has it as well. */
  accepts?(delivery: JetStreamDelivery): boolean | 'elsewhere';
  /** A batch is about to be pushed. */
  onBatch?(batch: readonly JetStreamDelivery[]): void;
  /** There may be room for more. */
  onRoom(): void;
  /** Messages come without their bodies. They are withheld until it begins anew, and come again then. */
  onStripped(): void;
}

/** For so long a member counts as one that is at work. */
const OTHERS_MS = 5_000;

/** Collects the deliveries of one turn of the event loop into one push. */
export class Receiver {
  readonly #options: ReceiverOptions;
  #batch: JetStreamDelivery[] = [];
  #bytes = 0;
  #withheld: Settlement[] = [];
  #isFlushing = false;
  /** The consumer's count of the last delivery here. */
  #count: number | undefined;
  #othersAt = Number.NEGATIVE_INFINITY;
  readonly refused: RefusedMessages;
  /** The server's pin for this client while it is the active one. */
  pin: string | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.refused = new RefusedMessages(options.clock);
  }

  /** The credit left after the batch at hand. */
  leftOf(credit: Credit): Credit {
    if (this.#batch.length === 0) return credit;
    const { messages, bytes, ...rest } = credit;
    return { messages: messages - this.#batch.length, bytes: bytes - this.#bytes, ...rest };
  }

  /** Another member was given a message a short while ago: the consumer counts all deliveries, and one of them was missing. */
  get seesOthers(): boolean {
    return this.#options.clock.monotonic() - this.#othersAt < OTHERS_MS;
  }

  /**
   * The server counts a delivery before it sends it, and may be asked in between: until that many were delivered here. True at once
   * where nothing is delivered to this client.
   */
  hasReceived(count: number): boolean {
    return this.pin === undefined || this.#count === undefined || this.#count >= count;
  }

  /** Other requests than before: deliveries may be missing here that went to those. */
  begin(): void {
    const { deliveries } = this.#options;
    deliveries.interrupted?.();
    deliveries.settle(this.#withheld);
    this.#withheld = [];
    this.#count = undefined;
    this.#othersAt = Number.NEGATIVE_INFINITY;
    this.refused.clear();
  }

  receive(message: Msg): void {
    const { locator, deliveries, accepts, clock, place } = this.#options;
    const delivery = new JetStreamDelivery(message, locator.incarnation, place);
    const { consumerSequence } = delivery;
    if (this.#count !== undefined && consumerSequence > this.#count + 1) this.#othersAt = clock.monotonic();
    this.#count = consumerSequence;
    // Also of one that is refused: without the pin the server would take the next request for another client's.
    if (delivery.pin !== undefined && delivery.pin !== this.pin) this.#chosen(delivery.pin);
    if (delivery.isStripped) return this.#withhold(delivery);
    // The server's own record of a message that it has deleted is nothing to handle.
    const accepted = delivery.isMarker ? 'elsewhere' : accepts?.(delivery);
    // Not counted as delivered here, so that no consumer that is made anew begins behind it.
    if (accepted === false) return this.#refuse(delivery);
    locator.floor.delivered(consumerSequence, delivery.sequence);
    if (accepted === 'elsewhere') return this.#passOn(delivery);
    if (!deliveries.add(delivery)) return this.#options.onRoom();
    this.#batch.push(delivery);
    this.#bytes += delivery.size;
    if (this.#isFlushing) return;
    // After everything that came in the same chunk from the server.
    this.#isFlushing = true;
    queueMicrotask(() => this.flush());
  }

  /** By the server: whoever was it before may still be handling something. */
  #chosen(pin: string): void {
    const { target } = this.#options;
    this.flush();
    this.refused.clear();
    // Kept through interruptions of the connection, so that the server need not miss this client first.
    this.pin = pin;
    target.pinChanged?.(pin);
    target.resumed();
  }

  #refuse(delivery: JetStreamDelivery): void {
    this.refused.add(delivery.sequence);
    this.#options.deliveries.refuse(delivery);
    // It has used up a part of a request: a wanted message may come behind it.
    this.#options.onRoom();
  }

  #withhold(delivery: JetStreamDelivery): void {
    const { deliveries, onStripped } = this.#options;
    deliveries.add(delivery);
    this.#withheld.push({ token: delivery, outcome: 'released' });
    onStripped();
  }

  #passOn(delivery: JetStreamDelivery): void {
    this.#options.deliveries.pass(delivery);
    this.#options.onRoom();
  }

  flush(): void {
    this.#isFlushing = false;
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#bytes = 0;
    this.#options.onBatch?.(batch);
    this.#options.target.push(batch);
    this.#options.onRoom();
  }
}
