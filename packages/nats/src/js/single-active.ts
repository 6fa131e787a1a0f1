/** The duties of a client of which only one is active: it keeps its place, and lets go of what may be another's. */
import type { Clock, SettleToken } from '@ebus/core/driver';
import { pinTtlOf } from '../consumer-plan.js';
import type { Deliveries } from './deliveries.js';
import type { JetStreamDelivery } from './delivery.js';
import { OwnLeases } from './own-leases.js';
import { Timers } from './timers.js';

interface SingleActiveOptions {
  readonly clock: Clock;
  readonly deliveries: Deliveries;
  /** The lease of a delivery, in milliseconds. */
  readonly ackWait: number;
  /** They may be another member's by now. */
  onLost(deliveries: readonly JetStreamDelivery[]): void;
  /** Asks the server to keep this client pinned, if it is. */
  keepPinned(): void;
}

/** Keeps the pin while messages are in hand, and watches their leases. */
export class SingleActive {
  /** A pin lasts for so long after a request, in milliseconds. */
  readonly ttlMs: number;
  readonly #leases: OwnLeases;
  readonly #timers: Timers;

  constructor({ keepPinned, ...options }: SingleActiveOptions) {
    const { deliveries } = options;
    this.ttlMs = pinTtlOf(options);
    this.#leases = new OwnLeases(options);
    this.#timers = new Timers(options.clock);
    // It has no room, or drains, and so asks for nothing while its handlers run: another one would be chosen. Without anything in
    // hand it may well lose its place.
    this.#timers.every(this.ttlMs / 4, () => {
      if (deliveries.size > 0) keepPinned();
    });
  }

  /** They are about to be pushed. */
  begun(batch: readonly JetStreamDelivery[]): void {
    this.#leases.begun(batch);
  }

  /** Where that is not confirmed they are lost after a while. */
  renew(tokens: readonly SettleToken[]): void {
    void this.#leases.renew(tokens).catch(() => {});
  }

  /** Nothing is held any more. */
  stop(): void {
    this.#timers.stop();
    this.#leases.stop();
  }
}
