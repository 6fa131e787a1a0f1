/** `@ebus/outbox/postgres`: outbox and inbox in PostgreSQL, through any client with a compatible `query`. */
export { createOutboxSchema, type SchemaOptions } from './create-outbox-schema.js';
export type { Listen } from './listen.js';
export { type PostgresInboxOptions, PostgresInboxStore } from './postgres-inbox-store.js';
export { type PostgresOutboxOptions, PostgresOutboxStore } from './postgres-outbox-store.js';
export type { Queryable } from './queryable.js';
export { outboxSchemaSql } from './schema.js';
