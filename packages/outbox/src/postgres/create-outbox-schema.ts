/** Making the tables, and asking for their version. */
import { ConfigError, checkOptions, kinds, optionTable } from '@ebus/core/driver';
import { sqlState, toStoreError } from './errors.js';
import { namesIn } from './names.js';
import { type Queryable, rowsOf } from './queryable.js';
import { outboxSchemaSql, SCHEMA_VERSION } from './schema.js';

/** Options of `createOutboxSchema`. */
export interface SchemaOptions {
  /** The PostgreSQL schema of the tables; made where it is missing. Default: where the search path leads. */
  schema?: string;
}

const OPTIONS = optionTable<SchemaOptions>({ schema: kinds.filledText });

/**
 * Makes the tables of the outbox and the inbox, or brings them up to date. Harmless when repeated, and safe to call from
 * several processes at once. Works within a transaction of the caller's, too.
 *
 * @throws ConfigError where the database has a newer version than this package knows
 * @throws ConnectionError where the database cannot be reached
 */
export async function createOutboxSchema(client: Queryable, options: SchemaOptions = {}): Promise<void> {
  checkOptions('createOutboxSchema', options, OPTIONS);
  const sql = outboxSchemaSql(options.schema);
  try {
    await rowsOf(client, sql);
  } catch (error) {
    throw toStoreError(error, 'cannot make the tables of the outbox');
  }
}

/** @throws ConfigError where the tables are missing or of another version */
export async function verifySchema(client: Queryable, schema: string | undefined): Promise<void> {
  const { version } = namesIn(schema);
  let installed: number | undefined;
  try {
    const [row] = await rowsOf(client, `SELECT version::text AS version FROM ${version}`);
    installed = row === undefined ? undefined : Number(row.version);
  } catch (error) {
    if (sqlState(error) !== '42P01')
      throw toStoreError(error, 'cannot read the version of the outbox schema');
  }
  if (installed === SCHEMA_VERSION) return;
  const there = schema === undefined ? 'on the search path' : `in schema '${schema}'`;
  if (installed === undefined) {
    throw new ConfigError(
      `there is no outbox ${there}: call createOutboxSchema(client), or run sql/outbox.sql of @ebus/outbox`,
    );
  }
  const remedy =
    installed < SCHEMA_VERSION
      ? 'call createOutboxSchema(client) to bring it up to date'
      : 'update @ebus/outbox, or let the newer one do the work';
  throw new ConfigError(
    `the outbox ${there} has version ${installed}, and this @ebus/outbox needs ${SCHEMA_VERSION}: ${remedy}`,
  );
}
