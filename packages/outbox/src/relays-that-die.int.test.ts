/**
 * Relays in three processes, one of which is killed every two seconds, and a broker that is killed twice, while orders
 * are written. In the gate with fewer events; `EBUS_OUTBOX_EVENTS=20000 EBUS_OUTBOX_AGGREGATES=200` is the whole of it.
 */
import { createEventBus, type EventBus } from '@ebus/core';
import { nats } from '@ebus/nats';
import { type Service, serviceProblem, sharedService, startService } from '@ebus/services';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Inbox, outboxed } from './index.js';
import { createOutboxSchema, PostgresInboxStore, PostgresOutboxStore } from './postgres/index.js';
import { RelayProcesses } from './testing/chaos/relay-processes.js';
import { inTransaction } from './testing/pg-transaction.js';

const EVENTS = Number(process.env.EBUS_OUTBOX_EVENTS ?? 2000);
const AGGREGATES = Number(process.env.EBUS_OUTBOX_AGGREGATES ?? 50);
const WRITERS = 8;
const TOPIC = 'chaos.accounts';
const LIMIT_MS = Math.max(180_000, EVENTS * 40);

const problem = (await serviceProblem('postgres')) ?? (await serviceProblem('nats'));
const schema = `chaos_${process.pid}`;

interface Deposit {
  amount: number;
}

describe.skipIf(problem !== undefined)('relays that die', () => {
  let pool: Pool;
  let broker: Service;
  let bus: EventBus;
  let relays: RelayProcesses;
  let postgres = '';

  beforeAll(async () => {
    postgres = (await sharedService('postgres')).addresses[0] ?? '';
    pool = new Pool({ connectionString: postgres, max: WRITERS + 30 });
    await createOutboxSchema(pool, { schema });
    await pool.query(`
      CREATE TABLE ${schema}.accounts (id text PRIMARY KEY, balance bigint NOT NULL DEFAULT 0, version int NOT NULL DEFAULT 0);
      CREATE TABLE ${schema}.projection (id text PRIMARY KEY, balance bigint NOT NULL, version int NOT NULL);
      INSERT INTO ${schema}.accounts (id) SELECT 'account-' || n FROM generate_series(1, ${AGGREGATES}) AS n`);
    broker = await startService('nats', { own: true });
    bus = await createEventBus(
      {
        type: 'nats',
        serviceName: 'accounts',
        nats: { urls: [...broker.addresses], jetstream: { ackWait: '5s' } },
      },
      { plugins: [nats] },
    );
    await bus.topics.configure(TOPIC, { persistence: 'persistent' });
    relays = await RelayProcesses.start(3, [postgres, broker.addresses[0] ?? '', schema]);
  }, 120_000);

  afterAll(async () => {
    relays?.stop();
    await bus?.close({ timeout: '5s' });
    await broker?.close();
    await pool?.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool?.end();
  });

  it('publish everything, in order, and the projection equals the database', {
    timeout: LIMIT_MS,
  }, async ({ annotate }) => {
    const store = new PostgresOutboxStore(pool, { schema });
    const outbox = outboxed(bus, store);
    const inbox = new Inbox(new PostgresInboxStore(pool, { schema }));
    const atBroker = new Map<string, number[]>();
    let copies = 0;
    await bus.subscribeEnvelope<Deposit>(
      TOPIC,
      inbox.handler<Deposit>(
        'projection',
        (work) => inTransaction(pool, work),
        async ({ aggregateId, eventVersion, payload }, _context, tx) => {
          await tx.query(
            `INSERT INTO ${schema}.projection VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE
             SET balance = projection.balance + excluded.balance, version = excluded.version`,
            [aggregateId, payload.amount, eventVersion],
          );
        },
      ),
      { group: 'projection', concurrency: 16, retryBackoff: { base: '50ms', max: '500ms' }, maxRetries: 20 },
    );
    await bus.subscribeEnvelope(
      TOPIC,
      ({ aggregateId, eventVersion }) => {
        copies++;
        const versions = atBroker.get(aggregateId) ?? [];
        atBroker.set(aggregateId, versions);
        if (!versions.includes(eventVersion)) versions.push(eventVersion);
      },
      { group: 'observer' },
    );

    let left = EVENTS;
    let rolledBack = 0;
    const deposit = async (n: number): Promise<void> => {
      const id = `account-${(n % AGGREGATES) + 1}`;
      const amount = (n % 97) + 1;
      await inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ version: number }>(
          `UPDATE ${schema}.accounts SET balance = balance + $2, version = version + 1 WHERE id = $1 RETURNING version`,
          [id, amount],
        );
        const eventVersion = rows[0]?.version ?? 0;
        await outbox.publishEnvelope(client, TOPIC, {
          ...{ aggregateId: id, eventType: 'Deposited', eventVersion, payload: { amount } },
        });
        if (n % 23 === 0 && ++rolledBack > 0) throw new Error('rolled back');
      }).catch((error: Error) => {
        if (error.message !== 'rolled back') throw error;
        left++;
      });
    };
    const writing = Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        for (let n = writer + 1; left > 0; n += WRITERS) {
          left--;
          await deposit(n);
        }
      }),
    );

    const killer = setInterval(() => relays.killOne(), 2000);
    try {
      for (const part of [1 / 3, 2 / 3]) {
        await until(`${EVENTS * part} events are published`, async () => {
          return relays.kills > 0 && (await count('outbox_events', "status = 'published'")) >= EVENTS * part;
        });
        await broker.kill();
        await broker.restart();
      }
      await writing;
      await until('nothing is pending', async () => (await store.stats()).pending === 0);
      await until('all is handled', async () => (await count('inbox_events', 'true')) >= EVENTS);
    } finally {
      clearInterval(killer);
    }
    await until('all is seen at the broker', async () => {
      return [...atBroker.values()].reduce((sum, { length }) => sum + length, 0) >= EVENTS;
    });

    expect(await store.stats()).toMatchObject({ pending: 0, failed: 0 });
    expect(await count('outbox_events', "status = 'published'")).toBe(EVENTS);
    expect(rolledBack).toBeGreaterThan(0);
    // At the broker: each aggregate's events, by their first occurrence, are 1, 2, 3, ...
    const wrong = [...atBroker].filter(([, versions]) => versions.some((version, i) => version !== i + 1));
    expect(wrong).toEqual([]);
    const { rows } = await pool.query(`SELECT a.id FROM ${schema}.accounts a
      LEFT JOIN ${schema}.projection p USING (id)
      WHERE a.balance <> coalesce(p.balance, 0) OR a.version <> coalesce(p.version, 0)`);
    expect(rows).toEqual([]);
    await annotate(
      `${EVENTS} events, ${relays.kills} relays killed, ${copies - EVENTS} copies at the broker`,
    );
  });

  async function count(table: string, where: string): Promise<number> {
    const { rows } = await pool.query(`SELECT count(*)::int AS n FROM ${schema}.${table} WHERE ${where}`);
    return rows[0].n;
  }
});

/** @throws Error that says what did not come true in time */
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS / 2;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
