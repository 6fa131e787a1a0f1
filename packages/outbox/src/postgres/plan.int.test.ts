/** How PostgreSQL finds what waits, beside a million events that were published. */
import { serviceProblem, sharedService } from '@ebus/services';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestPostgres, testPostgres } from '../testing/test-postgres.js';
import { namesIn } from './names.js';
import { statementsFor } from './statements.js';

const problem = await serviceProblem('postgres');
const PUBLISHED = 1_000_000;

interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Actual Rows'?: number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

describe.skipIf(problem !== undefined)(`with ${PUBLISHED} published events`, () => {
  let db: TestPostgres;
  const sql = () => statementsFor(namesIn(db.schema), true);

  beforeAll(async () => {
    db = await testPostgres((await sharedService('postgres')).addresses[0] ?? '');
    // Indexes made after the rows are made sooner; they are put back by the definitions that they had.
    const { rows } = await db.pool.query<{ name: string; definition: string }>(
      `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
       WHERE schemaname = $1 AND tablename = 'outbox_events' AND indexname <> 'outbox_events_pkey'`,
      [db.schema],
    );
    for (const { name } of rows) await db.pool.query(`DROP INDEX ${db.schema}.${name}`);
    await db.pool.query(`INSERT INTO ${db.schema}.outbox_events
      (id, aggregate_id, event_type, event_version, payload, topic, status, published_at)
      SELECT 'event-' || n, 'aggregate-' || n % 5000, 'Changed', 1, '{}', 'shop.orders', 'published', now()
      FROM generate_series(1, ${PUBLISHED}) AS n`);
    for (const { definition } of rows) await db.pool.query(definition);
    await db.pool.query(`INSERT INTO ${db.schema}.outbox_events (id, aggregate_id, event_type, event_version, payload, topic)
      SELECT 'pending-' || n, 'aggregate-' || n % 50, 'Changed', 1, '{}', 'shop.orders' FROM generate_series(1, 200) AS n`);
  }, 180_000);
  afterAll(() => db?.[Symbol.asyncDispose]());

  it.each(['before', 'after'])('a claim reads what waits and nothing else, %s statistics', async (when) => {
    if (when === 'after') await db.pool.query(`ANALYZE ${db.schema}.outbox_events`);
    const plans = await explain(sql().claim, [100, 'token', 30_000]);
    expect(plans.filter((plan) => plan['Node Type'] === 'Seq Scan')).toEqual([]);
    expect(plans.map((plan) => plan['Index Name'])).toContain('outbox_events_pending');
    const removed = plans.reduce((sum, plan) => sum + (plan['Rows Removed by Filter'] ?? 0), 0);
    expect(removed).toBeLessThan(1000);
  });

  it('counting and pruning read their own indexes', async () => {
    for (const [text, values] of [
      [sql().stats, []],
      [sql().prune, [365 * 24 * 3_600_000, 1000]],
    ] as const) {
      const plans = await explain(text, values);
      expect(plans.filter((plan) => plan['Node Type'] === 'Seq Scan')).toEqual([]);
    }
  });

  /** Runs it, in a transaction that is rolled back. */
  async function explain(text: string, values: readonly unknown[]): Promise<Plan[]> {
    const client = await db.pool.connect();
    try {
      await client.query('BEGIN');
      const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [...values]);
      await client.query('ROLLBACK');
      return flatten(rows[0]['QUERY PLAN'][0].Plan);
    } finally {
      client.release();
    }
  }
});

function flatten(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(flatten)];
}
