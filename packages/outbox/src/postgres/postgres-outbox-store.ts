/** The outbox in PostgreSQL. */
import {
  type Clock,
  ConfigError,
  checkOptions,
  kinds,
  optionTable,
  randomUuid,
  systemClock,
} from '@ebus/core/driver';
import type { ClaimedEvent, Lease, OutboxEvent } from '../event/outbox-event.js';
import type { Failure, OutboxStats, OutboxStore } from '../store.js';
import { verifySchema } from './create-outbox-schema.js';
import { toSaveError, toStoreError } from './errors.js';
import { requireClient, requireTransaction } from './in-transaction.js';
import { type Listen, listenFor } from './listen.js';
import { type Names, namesIn } from './names.js';
import { type Queryable, rowsOf, type TextRow } from './queryable.js';
import { dateOf, eventsToJson, leasesToJson, toClaimedEvent } from './rows.js';
import { type Statements, statementsFor } from './statements.js';
import { watch } from './watch.js';

/** Options of a `PostgresOutboxStore`. The schema must be that of `createOutboxSchema`. */
export interface PostgresOutboxOptions {
  /** The PostgreSQL schema of the tables. Default: where the search path leads. */
  schema?: string;
  /**
   * How to hear of new events. Default: by what the client is. A pool gives one connection for it, PGlite and a single
   * client listen by themselves. `false` leaves relays to polling. A function is for clients of another kind.
   */
  listen?: false | Listen;
  /**
   * Whether transactions that save events of one aggregate wait for each other, from the first save to the commit.
   * Default `true`. `false` is for applications that lock the aggregate themselves before they save, and for
   * transactions with events of many thousands of aggregates, for which the server has no room for locks.
   */
  lockAggregates?: boolean;
  /** Of the pauses before it listens again. Leases and ages are by the database's clock. Default: the machine's. */
  clock?: Clock;
}

const OPTIONS = optionTable<PostgresOutboxOptions>({
  schema: kinds.filledText,
  listen: kinds.kind('false or a function', (value) => value === false || typeof value === 'function'),
  lockAggregates: kinds.flag,
  clock: kinds.clock,
});

/**
 * The table `outbox_events`, made by `createOutboxSchema`. The client given here is the relay's: a `Pool` of `pg`, or
 * PGlite. Transactions of the application bring clients of their own to `save`.
 */
export class PostgresOutboxStore implements OutboxStore<Queryable> {
  readonly #client: Queryable;
  readonly #names: Names;
  readonly #sql: Statements;
  readonly #listen: Listen | undefined;
  readonly #clock: Clock;

  /** @throws ConfigError for a client without `query`, and for options that do not exist */
  constructor(client: Queryable, options: PostgresOutboxOptions = {}) {
    checkOptions('PostgresOutboxStore', options, OPTIONS);
    if (typeof (client as Partial<Queryable> | undefined)?.query !== 'function') {
      throw new ConfigError(
        'PostgresOutboxStore needs a client with a method query(text, values), such as a Pool of pg',
      );
    }
    this.#client = client;
    this.#clock = options.clock ?? systemClock;
    this.#names = namesIn(options.schema);
    this.#sql = statementsFor(this.#names, options.lockAggregates ?? true);
    this.#listen = options.listen === false ? undefined : (options.listen ?? listenFor(client));
  }

  /**
   * One statement, whatever the number of events; three where the transaction has written nothing before.
   * @throws EbusError `INVALID_ARGUMENT` outside of a transaction and for an id that is there already,
   *   `ENVELOPE_INVALID` for what jsonb has no place for; ConfigError where the schema is missing. Other errors of the
   *   database (serialization, deadlock, connection) pass unchanged, so that the application repeats its transaction.
   */
  async save(tx: Queryable, ...events: readonly OutboxEvent[]): Promise<void> {
    requireClient(tx, 'save');
    if (events.length === 0) return;
    const json = eventsToJson(events);
    try {
      if ((await rowsOf(tx, this.#sql.save, [json, false])).length > 0) return;
      await requireTransaction(tx, 'save');
      await rowsOf(tx, this.#sql.save, [json, true]);
    } catch (error) {
      throw toSaveError(
        error,
        events.map(({ envelope }) => envelope.eventId),
      );
    }
  }

  async claim(limit: number, lease: number): Promise<ClaimedEvent[]> {
    const token = randomUuid(this.#clock);
    const rows = await this.#run('cannot claim events', this.#sql.claim, [limit, token, lease]);
    return rows.map((row) => toClaimedEvent(row, token)).sort((a, b) => a.position - b.position);
  }

  async renew(leases: readonly Lease[], lease: number): Promise<string[]> {
    return ids(await this.#run('cannot renew leases', this.#sql.renew, [leasesToJson(leases), lease]));
  }

  async markPublished(leases: readonly Lease[]): Promise<string[]> {
    return ids(await this.#run('cannot mark events', this.#sql.markPublished, [leasesToJson(leases)]));
  }

  async recordError(failures: readonly Failure[]): Promise<void> {
    // PostgreSQL's text has no place for U+0000 and halves of surrogate pairs.
    const texts = failures.map((failure) => ({
      ...failure,
      error: failure.error.replace(/\0|\p{Cs}/gu, '\ufffd'),
    }));
    await this.#run('cannot note failures', this.#sql.recordError, [JSON.stringify(texts)]);
  }

  async release(leases: readonly Lease[]): Promise<void> {
    await this.#run('cannot release events', this.#sql.release, [leasesToJson(leases)]);
  }

  async retry(id: string): Promise<boolean> {
    return (await this.#run('cannot retry an event', this.#sql.retry, [id])).length > 0;
  }

  async skip(id: string): Promise<boolean> {
    return (await this.#run('cannot skip an event', this.#sql.skip, [id])).length > 0;
  }

  async stats(): Promise<OutboxStats> {
    const [row] = await this.#run('cannot count events', this.#sql.stats, []);
    const oldest = row?.oldest ?? null;
    return {
      pending: Number(row?.pending),
      failed: Number(row?.failed),
      oldestAt: oldest === null ? undefined : dateOf(oldest),
      oldestAgeMs: oldest === null ? 0 : Math.max(0, Number(row?.now) - Number(oldest)),
    };
  }

  async prune(age: number, limit = 1000): Promise<number> {
    return (await this.#run('cannot prune events', this.#sql.prune, [age, limit])).length;
  }

  verify(): Promise<void> {
    return verifySchema(this.#client, this.#names.schema);
  }

  watch(wake: () => void): () => Promise<void> {
    if (this.#listen === undefined) return async () => {};
    return watch(this.#clock, this.#listen, this.#names.channel, wake);
  }

  async #run(what: string, text: string, values: unknown[]): Promise<TextRow[]> {
    try {
      return await rowsOf(this.#client, text, values);
    } catch (error) {
      throw toStoreError(error, what);
    }
  }
}

function ids(rows: readonly TextRow[]): string[] {
  return rows.map(({ id }) => id as string);
}
