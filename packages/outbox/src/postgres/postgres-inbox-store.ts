/** The inbox in PostgreSQL. */
import { ConfigError, checkOptions, kinds, optionTable } from '@ebus/core/driver';
import type { InboxStore } from '../inbox/inbox-store.js';
import { toStoreError } from './errors.js';
import { requireClient, requireTransaction } from './in-transaction.js';
import { namesIn } from './names.js';
import { type Queryable, rowsOf } from './queryable.js';
import { type Statements, statementsFor } from './statements.js';

/** Options of a `PostgresInboxStore`. */
export interface PostgresInboxOptions {
  /** The PostgreSQL schema of the table. Default: where the search path leads. */
  schema?: string;
}

const OPTIONS = optionTable<PostgresInboxOptions>({ schema: kinds.filledText });

/** The table `inbox_events`, made by `createOutboxSchema`. The client given here prunes; handlers bring their own. */
export class PostgresInboxStore implements InboxStore<Queryable> {
  readonly #client: Queryable;
  readonly #sql: Statements;

  /** @throws ConfigError for a client without `query`, and for options that do not exist */
  constructor(client: Queryable, options: PostgresInboxOptions = {}) {
    checkOptions('PostgresInboxStore', options, OPTIONS);
    if (typeof (client as Partial<Queryable> | undefined)?.query !== 'function') {
      throw new ConfigError(
        'PostgresInboxStore needs a client with a method query(text, values), such as a Pool of pg',
      );
    }
    this.#client = client;
    this.#sql = statementsFor(namesIn(options.schema), false);
  }

  /** Waits where another transaction is about to record the same event, for its end. */
  async record(tx: Queryable, consumer: string, eventId: string): Promise<boolean> {
    requireClient(tx, 'once');
    // Outside of a transaction nothing is written, as where the event is there already.
    if ((await rowsOf(tx, this.#sql.record, [consumer, eventId, false])).length > 0) return true;
    await requireTransaction(tx, 'once');
    return (await rowsOf(tx, this.#sql.record, [consumer, eventId, true])).length > 0;
  }

  async prune(age: number, limit = 1000): Promise<number> {
    try {
      return (await rowsOf(this.#client, this.#sql.pruneInbox, [age, limit])).length;
    } catch (error) {
      throw toStoreError(error, 'cannot prune the inbox');
    }
  }
}
