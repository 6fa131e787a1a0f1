/** How large the outbox gets while events pass through it: written, published, pruned. By name only, since it takes minutes. */
import { OutboxRelay } from '@ebus/outbox';
import { createOutboxSchema, PostgresOutboxStore } from '@ebus/outbox/postgres';
import { serviceProblem, sharedService } from '@ebus/services';
import pg from 'pg';
import { memoryBus } from '../contenders.js';
import type { Row } from '../report.js';

const EVENTS = Number(process.env.EBUS_BENCH_EVENTS ?? 2_500_000);
const STEP = 10_000;
/**
 * The largest size in the second half is at most so many times that of the first half. Vacuum comes once a minute, so that
 * the first half has to last for longer than that.
 */
const TARGET = 1.5;

export async function outboxSize(): Promise<Row[]> {
  const problem = await serviceProblem('postgres');
  if (problem !== undefined) return [{ contender: `skipped: ${problem}` }];
  const { addresses } = await sharedService('postgres');
  const pool = new pg.Pool({ connectionString: addresses[0], max: 5 });
  const schema = `bench_size_${process.pid}`;
  await using bus = await memoryBus();
  try {
    await createOutboxSchema(pool, { schema });
    const store = new PostgresOutboxStore(pool, { schema });
    // What was published is pruned a second later.
    await using relay = new OutboxRelay({ bus, store, pollInterval: 100, retention: '1s', health: false });
    await relay.start();
    let early = 0;
    let late = 0;
    for (let written = 0; written < EVENTS; written += STEP) {
      await write(pool, schema);
      while ((await store.stats()).pending > STEP) await new Promise((resolve) => setTimeout(resolve, 20));
      const size = await sizeOf(pool, schema);
      if (written < EVENTS / 2) early = Math.max(early, size);
      else late = Math.max(late, size);
    }
    while ((await store.stats()).pending > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const growth = late / early;
    return [
      {
        contender: `table and indexes while ${EVENTS.toLocaleString('en-US')} events pass: at most ${megabytes(Math.max(early, late))}`,
        against: `${megabytes(early)} in the first half`,
        figure: `${growth.toFixed(2)}x`,
        target: `<= ${TARGET}x`,
        met: growth <= TARGET,
      },
    ];
  } finally {
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await pool.end();
  }
}

async function write(pool: pg.Pool, schema: string): Promise<void> {
  await pool.query(
    `INSERT INTO ${schema}.outbox_events (id, aggregate_id, event_type, event_version, payload, topic)
     SELECT gen_random_uuid()::text, 'order-' || n % 1000, 'OrderPlaced', 1, '{"orderId":"A-10442","total":129.9}', 'bench.size'
     FROM generate_series(1, $1::int) AS n`,
    [STEP],
  );
}

async function sizeOf(pool: pg.Pool, schema: string): Promise<number> {
  const { rows } = await pool.query<{ size: string }>(
    `SELECT pg_total_relation_size('${schema}.outbox_events')::text AS size`,
  );
  return Number(rows[0]?.size);
}

const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
