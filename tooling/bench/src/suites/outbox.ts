/** One relay on PostgreSQL with the in-memory transport, against the bare updates on the same server. */
import type { EventBus } from '@ebus/core';
import { OutboxRelay } from '@ebus/outbox';
import { createOutboxSchema, PostgresOutboxStore } from '@ebus/outbox/postgres';
import { serviceProblem, sharedService } from '@ebus/services';
import pg from 'pg';
import { type Contender, compare, perSecond, ratio } from '../compare.js';
import { memoryBus } from '../contenders.js';
import { type Row, speedOf } from '../report.js';

const TARGET = 5000;
const EVENTS = 20_000;
const AGGREGATES = 1000;
const BATCH = 100;

export async function outbox(rounds: number): Promise<Row[]> {
  const problem = await serviceProblem('postgres');
  if (problem !== undefined) return [{ contender: `skipped: ${problem}` }];
  const { addresses } = await sharedService('postgres');
  const pool = new pg.Pool({ connectionString: addresses[0], max: 5 });
  await using bus = await memoryBus();
  const outboxes = new Outboxes(pool);
  try {
    // One round more warms up.
    const runs = rounds + 1;
    const { bare, ordered, relay } = await compare(
      {
        bare: bareUpdates(pool, await outboxes.fill(runs)),
        ordered: orderedUpdates(pool, await outboxes.fill(runs)),
        relay: relayed(pool, bus, await outboxes.fill(runs)),
      },
      rounds,
    );
    const speed = perSecond(relay, 'clock');
    return [
      speedOf(bare),
      speedOf(ordered),
      {
        ...speedOf(relay),
        against: 'bare updates, by the clock',
        figure: `${ratio(relay, bare, 'clock').toFixed(2)}x`,
        target: `>= ${TARGET} msg/s`,
        met: speed >= TARGET,
      },
    ];
  } finally {
    await outboxes.drop();
    await pool.end();
  }
}

/** Schemas with events that wait, made before anything is measured. */
class Outboxes {
  readonly #pool: pg.Pool;
  readonly #schemas: string[] = [];

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async fill(count: number): Promise<string[]> {
    const schemas = Array.from(
      { length: count },
      (_, i) => `bench_${process.pid}_${this.#schemas.length + i}`,
    );
    for (const schema of schemas) {
      await createOutboxSchema(this.#pool, { schema });
      await this.#pool.query(
        `INSERT INTO ${schema}.outbox_events (id, aggregate_id, event_type, event_version, payload, topic)
         SELECT gen_random_uuid()::text, 'order-' || n % $1, 'OrderPlaced', n / $1 + 1,
           '{"orderId":"A-10442","customer":"customer-771","total":129.9,"lines":[{"product":"P-7781","quantity":2}]}',
           'bench.outbox'
         FROM generate_series(0, $2::int - 1) AS n`,
        [AGGREGATES, EVENTS],
      );
    }
    this.#schemas.push(...schemas);
    return schemas;
  }

  async drop(): Promise<void> {
    for (const schema of this.#schemas) await this.#pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  }
}

/** The least that an outbox with leases does: one update to claim a batch, one to mark it. No order, no publish. */
function bareUpdates(pool: pg.Pool, schemas: string[]): Contender {
  return {
    name: `bare updates: claim ${BATCH}, mark ${BATCH}, nothing published`,
    messages: EVENTS,
    async run() {
      const table = `${schemas.shift()}.outbox_events`;
      for (let done = 0; done < EVENTS; ) {
        const { rows } = await pool.query<{ id: string }>(
          `UPDATE ${table} SET lease_token = 'bench', lease_until = now() + interval '30 s' WHERE id IN (
             SELECT id FROM ${table} WHERE status = 'pending' AND lease_until IS NULL ORDER BY position
             LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
           RETURNING *`,
        );
        await pool.query(
          `UPDATE ${table} SET status = 'published', published_at = now() WHERE id = ANY($1)`,
          [rows.map(({ id }) => id)],
        );
        done += rows.length;
      }
    },
  };
}

/** The same by the store: with the order of aggregates and tokens. */
function orderedUpdates(pool: pg.Pool, schemas: string[]): Contender {
  return {
    name: `the store: claim ${BATCH} in order per aggregate, mark ${BATCH}, nothing published`,
    messages: EVENTS,
    async run() {
      const store = new PostgresOutboxStore(pool, { schema: schemas.shift() ?? '' });
      for (let done = 0; done < EVENTS; ) {
        const events = await store.claim(BATCH, 30_000);
        done += (await store.markPublished(events)).length;
      }
    },
  };
}

function relayed(pool: pg.Pool, bus: EventBus, schemas: string[]): Contender {
  return {
    name: `a relay, batches of ${BATCH}, published through the in-memory transport`,
    messages: EVENTS,
    async run() {
      const store = new PostgresOutboxStore(pool, { schema: schemas.shift() ?? '' });
      const relay = new OutboxRelay({ bus, store, batchSize: BATCH, health: false });
      const before = bus.metrics().messagesPublished;
      await relay.start();
      while (bus.metrics().messagesPublished - before < EVENTS)
        await new Promise((resolve) => setTimeout(resolve, 5));
      await relay.stop();
    },
  };
}
