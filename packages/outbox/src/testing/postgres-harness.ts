/** PostgreSQL and PGlite, for the store suite: a schema for each test. */
import type { PGlite, Transaction } from '@electric-sql/pglite';
import type { Pool, PoolClient } from 'pg';
import {
  createOutboxSchema,
  PostgresInboxStore,
  PostgresOutboxStore,
  type Queryable,
} from '../postgres/index.js';
import type { StoreHarness, TestOutbox } from '../store-suite/index.js';

let schemas = 0;

async function testOutbox(client: Queryable): Promise<Omit<TestOutbox<Queryable>, 'begin'>> {
  const schema = `suite_${process.pid}_${++schemas}`;
  await createOutboxSchema(client, { schema });
  return {
    store: new PostgresOutboxStore(client, { schema }),
    inbox: new PostgresInboxStore(client, { schema }),
    outside: client,
    close: async () => void (await client.query(`DROP SCHEMA ${schema} CASCADE`)),
  };
}

export function postgresHarness(pool: () => Pool): StoreHarness<Queryable> {
  return {
    name: 'PostgreSQL',
    create: async () => ({
      ...(await testOutbox(pool())),
      begin: async () => {
        const client = await pool().connect();
        await client.query('BEGIN');
        return { tx: client, commit: () => end(client, 'COMMIT'), rollback: () => end(client, 'ROLLBACK') };
      },
    }),
  };
}

async function end(client: PoolClient, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  try {
    await client.query(how);
  } finally {
    client.release();
  }
}

export function pgliteHarness(db: () => PGlite): StoreHarness<Queryable> {
  return {
    name: 'PGlite',
    concurrentTransactions: false,
    create: async () => ({ ...(await testOutbox(db())), begin: () => beginOn(db()) }),
  };
}

/** PGlite has transactions as callbacks only. */
function beginOn(db: PGlite): Promise<{ tx: Queryable; commit(): Promise<void>; rollback(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    let finish: (commits: boolean) => void = () => {};
    const finished = new Promise<boolean>((done) => {
      finish = done;
    });
    const running = db.transaction(async (tx: Transaction) => {
      const close = async (commits: boolean) => {
        finish(commits);
        await running;
      };
      resolve({ tx, commit: () => close(true), rollback: () => close(false) });
      if (!(await finished)) await tx.rollback();
    });
    running.catch(reject);
  });
}
