/** The transactions of Drizzle, Kysely and (by its shape) TypeORM, as the guide to the outbox shows them. */
import type { EventBus } from '@ebus/core';
import { serviceProblem, sharedService } from '@ebus/services';
import { type SQL, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { CompiledQuery, Kysely, PostgresDialect, type Transaction } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outboxed, outboxed } from '../index.js';
import { inTransaction } from '../testing/pg-transaction.js';
import { inputOf, type TestPostgres, testBus, testPostgres } from '../testing/test-postgres.js';
import { PostgresOutboxStore, type Queryable } from './index.js';

const problem = await serviceProblem('postgres');
const TOPIC = 'shop.orders';

describe.skipIf(problem !== undefined)('an event is saved in the transaction of', () => {
  let db: TestPostgres;
  let bus: EventBus;
  let store: PostgresOutboxStore;
  let outbox: Outboxed<Queryable>;

  beforeAll(async () => {
    db = await testPostgres((await sharedService('postgres')).addresses[0] ?? '');
    bus = await testBus();
    store = new PostgresOutboxStore(db.pool, { schema: db.schema });
    outbox = outboxed(bus, store);
    await db.pool.query(`CREATE TABLE ${db.schema}.orders (id text PRIMARY KEY)`);
  });
  afterAll(async () => {
    await bus?.close();
    await db?.[Symbol.asyncDispose]();
  });

  /** A transaction that commits `<name>1` with its order, and one that rolls `<name>2` back. */
  async function tryOut(
    name: string,
    transaction: (id: string, fails: boolean) => Promise<unknown>,
  ): Promise<void> {
    await transaction(`${name}1`, false);
    await expect(transaction(`${name}2`, true)).rejects.toThrow('out of stock');
    const { rows } = await db.pool.query(`SELECT id FROM ${db.schema}.orders`);
    expect(rows).toEqual([{ id: `${name}1` }]);
    const events = await store.claim(10, 60_000);
    expect(events.map(({ envelope }) => envelope.payload)).toEqual([{ name: `${name}1` }]);
    await store.markPublished(events);
    await db.pool.query(`DELETE FROM ${db.schema}.orders`);
  }

  const failIf = (fails: boolean) => {
    if (fails) throw new Error('out of stock');
  };

  it('Kysely', async () => {
    const kysely = new Kysely<Record<'orders', { id: string }>>({
      dialect: new PostgresDialect({ pool: db.pool }),
    });
    const clientOf = (tx: Transaction<Record<'orders', { id: string }>>): Queryable => ({
      query: (text, values = []) => tx.executeQuery(CompiledQuery.raw(text, values)),
    });
    await tryOut('kysely', (id, fails) =>
      kysely.transaction().execute(async (tx) => {
        await tx.withSchema(db.schema).insertInto('orders').values({ id }).execute();
        await outbox.publishEnvelope(clientOf(tx), TOPIC, inputOf(id));
        failIf(fails);
      }),
    );
  });

  it('Drizzle', async () => {
    const clientOf = (tx: { execute(query: SQL): PromiseLike<unknown> }): Queryable => ({
      query: async (text, values = []) =>
        tx.execute(
          sql.join(
            text
              .split(/\$(\d+)/)
              .map((part, i) => (i % 2 === 0 ? sql.raw(part) : sql`${sql.param(values[Number(part) - 1])}`)),
          ),
        ),
    });
    await tryOut('drizzle', (id, fails) =>
      drizzle(db.pool).transaction(async (tx) => {
        await tx.execute(sql`INSERT INTO ${sql.identifier(db.schema)}.orders VALUES (${id})`);
        await outbox.publishEnvelope(clientOf(tx), TOPIC, inputOf(id));
        failIf(fails);
      }),
    );
  });

  it('Drizzle, over the client of a transaction', async () => {
    await tryOut('client', (id, fails) =>
      inTransaction(db.pool, async (client) => {
        await drizzle(client).execute(sql`INSERT INTO ${sql.identifier(db.schema)}.orders VALUES (${id})`);
        await outbox.publishEnvelope(client, TOPIC, inputOf(id));
        failIf(fails);
      }),
    );
  });

  it('TypeORM, whose managers answer with the rows', async () => {
    await tryOut('typeorm', (id, fails) =>
      inTransaction(db.pool, async (client) => {
        const manager = {
          query: async (text: string, values?: unknown[]) => (await client.query(text, values)).rows,
        };
        await manager.query(`INSERT INTO ${db.schema}.orders VALUES ($1)`, [id]);
        await outbox.publishEnvelope(manager, TOPIC, inputOf(id));
        failIf(fails);
      }),
    );
  });
});
