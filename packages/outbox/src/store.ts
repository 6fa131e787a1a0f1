/** The database interface of a relay. `@ebus/outbox/store-suite` tests an implementation. */
import type { ClaimedEvent, Lease, OutboxEvent } from './event/outbox-event.js';

/** The status of an event in the outbox. */
export type OutboxStatus = 'pending' | 'published' | 'failed' | 'skipped';

/** The state of an outbox at one moment, for all relays. */
export interface OutboxStats {
  /** Events that wait to be published, leased ones included. */
  readonly pending: number;
  /** Events that are held until `retry` or `skip`; the later events of their aggregates are among the pending. */
  readonly failed: number;
  /** When the oldest pending event was saved, of those that no failed event holds. */
  readonly oldestAt: Date | undefined;
  /** Milliseconds since then, by the store's clock; 0 where there is none. The lag of the outbox. */
  readonly oldestAgeMs: number;
}

/** A publish that failed. */
export interface Failure extends Lease {
  readonly error: string;
  /** Milliseconds until the next attempt. */
  readonly delay: number;
  /** Counts towards `retryCount`: no later attempt is likely to succeed. */
  readonly counts: boolean;
  /** No attempt is left: the event is `failed`, and holds its aggregate. */
  readonly final: boolean;
}

/**
 * An outbox in a database. `Tx` is the handle of an open transaction of the application.
 *
 * Order: `save` gives positions such that, for one aggregate, they grow with the order of the commits. An event is
 * claimable while no earlier event of its aggregate (by position) is pending or failed, save those of the same claim.
 * Leases end by the database's clock. Every method may be called concurrently, by any number of relays.
 *
 * Errors of the database that a transaction may be repeated for pass `save` unchanged. Elsewhere a lost connection is a
 * `ConnectionError` (`retryable`), and a schema that is missing or of another version a `ConfigError`.
 */
export interface OutboxStore<Tx = unknown> {
  /** Saves events within the transaction, in that order. They are there when it commits, and only then. */
  save(tx: Tx, ...events: readonly OutboxEvent[]): Promise<void>;
  /**
   * Leases up to `limit` events for `lease` milliseconds, oldest first. Of an aggregate it takes the next events without
   * a gap. What is leased, waits for its next attempt, or follows such an event is left.
   */
  claim(limit: number, lease: number): Promise<ClaimedEvent[]>;
  /** Leases those events for another `lease` milliseconds from now. Resolves with the ids that are still held. */
  renew(leases: readonly Lease[], lease: number): Promise<string[]>;
  /** Marks events whose leases still stand; others are left. Resolves with the ids that were marked. */
  markPublished(leases: readonly Lease[]): Promise<string[]>;
  /** Notes failures of events whose leases still stand, and ends those leases. */
  recordError(failures: readonly Failure[]): Promise<void>;
  /** Ends leases of events that were not published. */
  release(leases: readonly Lease[]): Promise<void>;
  /** Makes a failed event pending again, with all its attempts. False where no failed event has that id. */
  retry(id: string): Promise<boolean>;
  /** Gives a failed event up, so that its aggregate goes on. False where no failed event has that id. */
  skip(id: string): Promise<boolean>;
  stats(): Promise<OutboxStats>;
  /**
   * Deletes up to `limit` (default 1000) events that were published or skipped more than `age` milliseconds ago, by the
   * store's clock. Resolves with how many.
   */
  prune(age: number, limit?: number): Promise<number>;
  /** Rejects with a `ConfigError` where the schema is missing or of another version. */
  verify?(): Promise<void>;
  /**
   * Calls `wake` soon after events were committed, until the function returned is called. Best effort: relays also
   * poll. Goes on by itself after a lost connection.
   */
  watch?(wake: () => void): () => Promise<void>;
}
