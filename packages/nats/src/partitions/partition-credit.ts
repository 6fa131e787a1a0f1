/** Core's credit for a topic, in the hands of its partitions. */
import type { Credit } from '@ebus/core/driver';
import { shareCredit } from './share-credit.js';

/** A partition that asks for messages. */
export interface CreditedPartition {
  readonly partition: number;
  credit: Credit;
  readonly puller: {
    readonly outstanding: number;
    readonly deliveries: { readonly size: number };
    fetch(): void;
  };
}

/** Spreads the rest of the credit after each change. */
export class PartitionCredit {
  #credit: Credit = { messages: 0, bytes: 0 };
  /** The most messages that core may hold, as far as it has shown. */
  #window = 0;

  grant(credit: Credit): void {
    this.#credit = credit;
  }

  used(messages: number, bytes: number): void {
    const { messages: before, bytes: room } = this.#credit;
    this.#credit = { ...this.#credit, messages: before - messages, bytes: room - bytes };
  }

  /**
   * Gives each partition its part, and has it ask for as much.
   *
   * @param count how many there will be once all of them are open
   */
  spread(all: readonly CreditedPartition[], count: number): void {
    if (all.length === 0) return;
    const { messages, bytes, missingOf } = this.#credit;
    const standings = all.map(({ partition, puller }) => ({
      held: puller.deliveries.size,
      outstanding: puller.outstanding,
      missing: missingOf?.get(partition) ?? 0,
    }));
    const held = standings.reduce((sum, one) => sum + one.held, 0);
    this.#window = Math.max(this.#window, messages + held);
    const shares = shareCredit(messages, this.#window, standings, count);
    const share = Math.floor(bytes / Math.max(count, all.length));
    for (const [index, one] of all.entries()) {
      one.credit = { messages: shares[index] ?? 0, bytes: share, missing: standings[index]?.missing ?? 0 };
      one.puller.fetch();
    }
  }
}
