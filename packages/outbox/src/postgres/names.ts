/** Names of what the schema has in the database. */
import { ConfigError, shown } from '@ebus/core/driver';

/** Quoted names of the tables, ready for SQL, and the channel that wakes relays. */
export interface Names {
  readonly schema: string | undefined;
  readonly outbox: string;
  readonly inbox: string;
  readonly version: string;
  /** The channel of LISTEN and NOTIFY, without quotes. */
  readonly channel: string;
}

/** PostgreSQL cuts longer names. */
const MAX_BYTES = 63;

/**
 * The tables, quoted, in that schema or where the search path of the connection leads.
 * @throws ConfigError for a name that PostgreSQL does not take
 */
export function namesIn(schema: string | undefined): Names {
  if (schema !== undefined) checkName(schema);
  const prefix = schema === undefined ? '' : `${quoted(schema)}.`;
  return {
    schema,
    outbox: `${prefix}outbox_events`,
    inbox: `${prefix}inbox_events`,
    version: `${prefix}outbox_schema`,
    // One channel for all schemas would wake relays for nothing. A name that is too long is cut the same way everywhere.
    channel: `outbox_events${schema === undefined ? '' : `.${schema}`}`.slice(0, MAX_BYTES),
  };
}

/** A name as a quoted SQL identifier. Quotes inside it are doubled. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function checkName(schema: unknown): void {
  if (
    typeof schema === 'string' &&
    schema !== '' &&
    !schema.includes('\0') &&
    Buffer.byteLength(schema) <= MAX_BYTES
  )
    return;
  throw new ConfigError(
    `schema must be the name of a PostgreSQL schema, of 1 to ${MAX_BYTES} bytes, got '${shown(schema)}'`,
  );
}
