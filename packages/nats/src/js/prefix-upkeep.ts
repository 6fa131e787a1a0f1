/** Looks after settled messages that the server does not count as settled yet, where they are settled by prefix. */
import type { Clock } from '@ebus/core/driver';
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { PrefixDeliveries } from './prefix-deliveries.js';
import { Timers } from './timers.js';

/** Renewed so often within a lease. */
const PER_LEASE = 3;
/** Between two questions about the consumer. */
const LOOK_MS = { first: 50, most: 1_000 };

interface PrefixUpkeepOptions {
  readonly clock: Clock;
  readonly deliveries: PrefixDeliveries;
  /** The lease of a delivery, in milliseconds. */
  readonly ackWait: number;
  /** The consumer as the server says it is; undefined where it is another one. */
  look(): Promise<ConsumerInfo | undefined>;
}

/** Renews their leases, and asks the server as long as it is in doubt what may be confirmed. */
export class PrefixUpkeep {
  readonly #options: PrefixUpkeepOptions;
  readonly #timers: Timers;
  #isLooking = false;
  #isStopped = false;

  constructor(options: PrefixUpkeepOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#timers.every(options.ackWait / PER_LEASE, () => options.deliveries.keepSettled());
  }

  /** Asks until nothing is in doubt, or nothing waits for that. One at a time. */
  async resolve(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (let wait = LOOK_MS.first; this.#isNeeded; wait = Math.min(2 * wait, LOOK_MS.most)) {
        await this.#look();
        if (this.#isNeeded) await this.#timers.pause(wait);
      }
    } finally {
      this.#isLooking = false;
    }
  }

  /** The last chance to confirm what is settled. The rest goes back. */
  async finish(): Promise<void> {
    const { deliveries } = this.#options;
    if (deliveries.isInDoubt && deliveries.settled > 0) await this.#look();
    deliveries.handBack();
  }

  /** Nothing is held any more. */
  stop(): void {
    this.#isStopped = true;
    this.#timers.stop();
  }

  get #isNeeded(): boolean {
    const { deliveries } = this.#options;
    return !this.#isStopped && deliveries.isInDoubt && deliveries.settled > 0;
  }

  async #look(): Promise<void> {
    try {
      const info = await this.#options.look();
      if (info !== undefined) this.#options.deliveries.learn(info);
    } catch {
      // Without a connection it is asked again after that. The messages stay unconfirmed meanwhile.
    }
  }
}
