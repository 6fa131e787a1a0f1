/** An outbox in this process, for tests and demos. */
import { type Clock, EbusError, randomUuid, systemClock } from '@ebus/core/driver';
import type { ClaimedEvent, Lease, OutboxEvent } from '../event/outbox-event.js';
import type { Failure, OutboxStats, OutboxStatus, OutboxStore } from '../store.js';
import { MemoryLocks, type MemoryTransaction, requireOpen } from './memory-transaction.js';

/** One event, with what became of it. */
export interface MemoryRow extends OutboxEvent {
  readonly id: string;
  readonly position: number;
  readonly createdAt: Date;
  /** The same in monotonic time, as all times below. */
  readonly savedAt: number;
  status: OutboxStatus;
  error: string | undefined;
  attempts: number;
  retryCount: number;
  publishedAt: number | undefined;
  availableAt: number;
  token: string | undefined;
  leaseUntil: number;
}

/** Behaves as the PostgreSQL store does; what it holds is gone with the process. */
export class MemoryOutboxStore implements OutboxStore<MemoryTransaction> {
  readonly #clock: Clock;
  readonly #rows = new Map<string, MemoryRow>();
  readonly #locks = new MemoryLocks();
  readonly #watchers = new Set<() => void>();
  #lastPosition = 0;

  constructor(options: { clock?: Clock } = {}) {
    this.#clock = options.clock ?? systemClock;
  }

  /** Every event that is not pruned, by position; a copy. */
  rows(): MemoryRow[] {
    return [...this.#rows.values()].sort((a, b) => a.position - b.position).map((row) => ({ ...row }));
  }

  async save(tx: MemoryTransaction, ...events: readonly OutboxEvent[]): Promise<void> {
    requireOpen(tx, 'save');
    for (const aggregate of new Set(events.map(({ envelope }) => envelope.aggregateId).sort())) {
      await this.#locks.take(tx, aggregate);
    }
    requireOpen(tx, 'save');
    const rows = events.map((event) => this.#rowOf(event));
    tx.onCommit(() => {
      for (const row of rows) this.#rows.set(row.id, row);
      this.#wake();
    });
  }

  #rowOf(event: OutboxEvent): MemoryRow {
    const id = event.envelope.eventId;
    if (this.#rows.has(id)) {
      throw new EbusError(
        `an event with the id ${id} is in the outbox already; leave eventId out to get a new one`,
        {
          code: 'INVALID_ARGUMENT',
        },
      );
    }
    return {
      ...event,
      // As it is in a database: later changes by the caller are not seen.
      envelope: { ...event.envelope, payload: JSON.parse(JSON.stringify(event.envelope.payload)) },
      id,
      position: ++this.#lastPosition,
      createdAt: new Date(this.#clock.now()),
      savedAt: this.#clock.monotonic(),
      status: 'pending',
      error: undefined,
      attempts: 0,
      retryCount: 0,
      publishedAt: undefined,
      availableAt: 0,
      token: undefined,
      leaseUntil: 0,
    };
  }

  async claim(limit: number, lease: number): Promise<ClaimedEvent[]> {
    const now = this.#clock.monotonic();
    const token = randomUuid(this.#clock);
    const held = new Set<string>();
    const claimed: ClaimedEvent[] = [];
    for (const row of this.#unpublished()) {
      if (claimed.length >= limit) break;
      const { aggregateId } = row.envelope;
      const isFree = row.status === 'pending' && row.leaseUntil <= now && row.availableAt <= now;
      if (!isFree) held.add(aggregateId);
      if (held.has(aggregateId)) continue;
      row.token = token;
      row.leaseUntil = now + lease;
      claimed.push(toClaimed(row, token));
    }
    return claimed;
  }

  *#unpublished(): Iterable<MemoryRow> {
    const rows = [...this.#rows.values()].filter(({ status }) => status === 'pending' || status === 'failed');
    yield* rows.sort((a, b) => a.position - b.position);
  }

  async renew(leases: readonly Lease[], lease: number): Promise<string[]> {
    const until = this.#clock.monotonic() + lease;
    return this.#held(leases).map((row) => {
      row.leaseUntil = until;
      return row.id;
    });
  }

  async markPublished(leases: readonly Lease[]): Promise<string[]> {
    return this.#held(leases).map((row) => {
      this.#finish(row, 'published');
      return row.id;
    });
  }

  async recordError(failures: readonly Failure[]): Promise<void> {
    for (const failure of failures) {
      for (const row of this.#held([failure])) {
        row.attempts++;
        if (failure.counts) row.retryCount++;
        row.error = failure.error;
        row.availableAt = this.#clock.monotonic() + failure.delay;
        if (failure.final) row.status = 'failed';
        endLease(row);
      }
    }
  }

  async release(leases: readonly Lease[]): Promise<void> {
    for (const row of this.#held(leases)) endLease(row);
  }

  async retry(id: string): Promise<boolean> {
    const row = this.#rows.get(id);
    if (row?.status !== 'failed') return false;
    Object.assign(row, { status: 'pending', retryCount: 0, attempts: 0, availableAt: 0 });
    this.#wake();
    return true;
  }

  async skip(id: string): Promise<boolean> {
    const row = this.#rows.get(id);
    if (row?.status !== 'failed') return false;
    this.#finish(row, 'skipped');
    this.#wake();
    return true;
  }

  async stats(): Promise<OutboxStats> {
    const rows = [...this.#unpublished()];
    const failed = new Set(rows.filter(({ status }) => status === 'failed'));
    const held = new Set([...failed].map(({ envelope }) => envelope.aggregateId));
    const oldest = rows.find(({ envelope }) => !held.has(envelope.aggregateId));
    return {
      pending: rows.length - failed.size,
      failed: failed.size,
      oldestAt: oldest?.createdAt,
      oldestAgeMs: oldest === undefined ? 0 : this.#clock.monotonic() - oldest.savedAt,
    };
  }

  async prune(age: number, limit = 1000): Promise<number> {
    const before = this.#clock.monotonic() - age;
    const old = [...this.#rows.values()].filter((row) => (row.publishedAt ?? Infinity) < before);
    for (const { id } of old.slice(0, limit)) this.#rows.delete(id);
    return Math.min(old.length, limit);
  }

  watch(wake: () => void): () => Promise<void> {
    this.#watchers.add(wake);
    return async () => void this.#watchers.delete(wake);
  }

  /** The rows whose leases stand under those tokens, whether or not their time is over: nobody else took them. */
  #held(leases: readonly Lease[]): MemoryRow[] {
    return leases.flatMap(({ id, token }) => {
      const row = this.#rows.get(id);
      return row?.status === 'pending' && row.token === token ? [row] : [];
    });
  }

  #finish(row: MemoryRow, status: OutboxStatus): void {
    row.status = status;
    row.publishedAt = this.#clock.monotonic();
    endLease(row);
  }

  #wake(): void {
    for (const wake of this.#watchers) wake();
  }
}

function endLease(row: MemoryRow): void {
  row.token = undefined;
  row.leaseUntil = 0;
}

function toClaimed(row: MemoryRow, token: string): ClaimedEvent {
  const { id, position, createdAt, attempts, retryCount, topic, envelope, aggregateType, headers } = row;
  return {
    ...{ id, token, position, createdAt, attempts, retryCount, topic, envelope: { ...envelope } },
    ...(aggregateType === undefined ? {} : { aggregateType }),
    ...(headers === undefined ? {} : { headers }),
  };
}
