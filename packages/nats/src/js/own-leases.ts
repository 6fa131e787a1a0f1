/**
 * The leases of a single active client's deliveries, by its own clock. JetStream tells nobody that a lease ran out, and takes
 * the word of a former holder for that of the present one: whoever cannot know that a delivery is its own lets go of it.
 */
import type { Clock, SettleToken } from '@ebus/core/driver';
import type { Deliveries } from './deliveries.js';
import type { JetStreamDelivery } from './delivery.js';
import { Timers } from './timers.js';

/** Looked at so often within a lease. */
const LOOKS = 10;

interface OwnLeasesOptions {
  readonly clock: Clock;
  readonly deliveries: Deliveries;
  /** The lease of a delivery, in milliseconds. */
  readonly ackWait: number;
  /** They may be another member's by now. */
  onLost(deliveries: readonly JetStreamDelivery[]): void;
}

/** A lease lasts from the delivery, or from the last renewal that the server has confirmed. */
export class OwnLeases {
  readonly #options: OwnLeasesOptions;
  readonly #timers: Timers;

  constructor(options: OwnLeasesOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#timers.every(options.ackWait / LOOKS, () => this.#look());
  }

  /** They have just come. */
  begun(batch: readonly JetStreamDelivery[]): void {
    const now = this.#options.clock.monotonic();
    for (const delivery of batch) delivery.leasedAt = now;
  }

  /** The server works acknowledgements off one by one: its answer to the last says that all are renewed. */
  async renew(tokens: readonly SettleToken[]): Promise<void> {
    const { clock, deliveries } = this.#options;
    const now = clock.monotonic();
    if (!deliveries.extendLease(tokens) || !(await deliveries.confirm())) return;
    for (const token of tokens) (token as JetStreamDelivery).leasedAt = now;
  }

  stop(): void {
    this.#timers.stop();
  }

  /** Lets go a little before the server gives it to another member. */
  #look(): void {
    const { clock, deliveries, ackWait, onLost } = this.#options;
    const until = clock.monotonic() - (ackWait * (LOOKS - 1)) / LOOKS;
    const lost = [...deliveries].filter(({ leasedAt }) => leasedAt < until);
    if (lost.length === 0) return;
    deliveries.drop(lost);
    onLost(lost);
  }
}
