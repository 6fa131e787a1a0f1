/** The database of the service: PGlite within the process, or a PostgreSQL server. */
import { createOutboxSchema, type Queryable } from '@ebus/outbox/postgres';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

export interface Database {
  readonly name: string;
  /** For single statements, and for the relay. */
  readonly client: Queryable;
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const TABLES = [
  `CREATE TABLE IF NOT EXISTS orders (id text PRIMARY KEY, total integer NOT NULL, status text NOT NULL,
     version integer NOT NULL, changed_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
  'CREATE TABLE IF NOT EXISTS order_view (id text PRIMARY KEY, total integer NOT NULL, status text NOT NULL, version integer NOT NULL)',
  'CREATE SEQUENCE IF NOT EXISTS order_number',
];

export async function embeddedDatabase(): Promise<Database> {
  const db = new PGlite();
  await createTables(db);
  return {
    name: 'PGlite',
    client: db,
    // PGlite has one connection: transactions wait for each other.
    transaction: (work) => db.transaction((tx) => work(tx)),
    close: () => db.close(),
  };
}

export async function postgresDatabase(url: string): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  await createTables(pool);
  return {
    name: 'PostgreSQL',
    client: pool,
    transaction: async (work) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const result = await work(client);
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {});
        throw error;
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}

async function createTables(client: Queryable): Promise<void> {
  await createOutboxSchema(client);
  for (const table of TABLES) await client.query(table);
}
