/** Receivers of a puller's messages: one subscription, or several that share a consumer. */
import type { Credit, SubscriptionSink } from '@ebus/core/driver';
import type { JetStreamDelivery } from './delivery.js';

/** The receiver of a puller's deliveries and signals. */
export interface Target {
  /** How much may be asked for and pushed: no more than every subscription has room for. */
  readonly credit: Credit;
  push(batch: readonly JetStreamDelivery[]): void;
  /** Their stream is gone. */
  lost(deliveries: readonly JetStreamDelivery[]): void;
  failed(error: unknown): void;
  resumed(): void;
  /** The server has chosen this client, or says that another one is chosen. */
  pinChanged?(pin: string | undefined): void;
}

/** One subscription. */
export class SingleTarget implements Target {
  failure: unknown;
  readonly #sink: SubscriptionSink;
  #messages = 0;
  #bytes = 0;
  #missing = 0;

  constructor(sink: SubscriptionSink) {
    this.#sink = sink;
  }

  get credit(): Credit {
    return { messages: this.#messages, bytes: this.#bytes, missing: this.#missing };
  }

  set credit({ messages, bytes, missing = 0 }: Credit) {
    this.#messages = messages;
    this.#missing = missing;
    this.#bytes = bytes;
  }

  push(batch: readonly JetStreamDelivery[]): void {
    this.#messages -= batch.length;
    for (const { size } of batch) this.#bytes -= size;
    this.#sink.push(batch);
  }

  lost(deliveries: readonly JetStreamDelivery[]): void {
    this.#sink.lost(deliveries);
  }

  failed(error: unknown): void {
    this.failure = error;
    this.#sink.failed(error);
  }

  resumed(): void {
    this.#sink.resumed();
  }
}
