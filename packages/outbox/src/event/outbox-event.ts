/** The contents of an outbox: an event, its topic, and the state that relays need. */
import type { Envelope } from '@ebus/core';
import type { HeaderList } from '@ebus/core/driver';

/** An event as it is saved, checked and complete. */
export interface OutboxEvent {
  readonly topic: string;
  /** Its `eventId` is the id of the row, so that brokers and inboxes recognise an event that is published twice. */
  readonly envelope: Envelope;
  /** For people who read the table; publishing does not use it. Default: empty. */
  readonly aggregateType?: string;
  /** Published with the event: the application's own headers, and the trace context of the transaction. */
  readonly headers?: HeaderList;
}

/** The right to publish an event, for a while. A token is never used twice. */
export interface Lease {
  readonly id: string;
  readonly token: string;
}

/** An event that one relay has leased. */
export interface ClaimedEvent extends OutboxEvent, Lease {
  /** Grows with every event. Per aggregate it is the order of the commits, and the order of publishing. */
  readonly position: number;
  /** Publishes that failed so far, whatever the reason. */
  readonly attempts: number;
  /** Those of them that no later attempt could have helped; beyond `maxRetries` the event is `failed`. */
  readonly retryCount: number;
  readonly createdAt: Date;
}
