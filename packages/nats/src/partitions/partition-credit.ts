/** Core's credit for a topic, in the hands of its partitions. */
import type { Clock, Credit } from '@ebus/core/driver';
import { atTurnEnd } from '../js/turn-end.js';
import { shareCredit } from './share-credit.js';

/** A partition that asks for messages. */
export interface CreditedPartition {
  readonly partition: number;
  credit: Credit;
  readonly puller: {
    readonly outstanding: number;
    readonly deliveries: { readonly inHand: number };
    fetch(): void;
  };
}

interface PartitionCreditOptions {
  readonly clock: Pick<Clock, 'setImmediate'>;
  /** Those that are open. */
  readonly slots: ReadonlyMap<number, CreditedPartition>;
  /** How many there will be once all of them are open. */
  count(): number;
}

/** Spreads the rest of the credit after changes. */
export class PartitionCredit {
  readonly #options: PartitionCreditOptions;
  #credit: Credit = { messages: 0, bytes: 0 };
  /** The most messages that core may hold, as far as it has shown. */
  #window = 0;
  #isSoon = false;

  constructor(options: PartitionCreditOptions) {
    this.#options = options;
  }

  grant(credit: Credit): void {
    this.#credit = credit;
  }

  used(messages: number, bytes: number): void {
    const { messages: before, bytes: room } = this.#credit;
    this.#credit = { ...this.#credit, messages: before - messages, bytes: room - bytes };
  }

  /** At the end of this turn of the event loop: handlers that wait end one by one, and their messages are settled so. */
  spreadSoon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    atTurnEnd(this.#options.clock, () => {
      this.#isSoon = false;
      this.spread();
    });
  }

  /** Gives each partition its part, and has it ask for as much. */
  spread(): void {
    const { slots, count } = this.#options;
    const all = [...slots.values()];
    if (all.length === 0) return;
    const { messages, bytes, missingOf } = this.#credit;
    const standings = all.map(({ partition, puller }) => ({
      held: puller.deliveries.inHand,
      outstanding: puller.outstanding,
      missing: missingOf?.get(partition) ?? 0,
    }));
    const held = standings.reduce((sum, one) => sum + one.held, 0);
    this.#window = Math.max(this.#window, messages + held);
    const shares = shareCredit(messages, this.#window, standings, count());
    const share = Math.floor(bytes / Math.max(count(), all.length));
    for (const [index, one] of all.entries()) {
      one.credit = { messages: shares[index] ?? 0, bytes: share, missing: standings[index]?.missing ?? 0 };
      one.puller.fetch();
    }
  }
}
