/** A schema of one's own on the shared PostgreSQL. */
import { createEventBus, type EventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import { Pool, type PoolConfig } from 'pg';
import { createOutboxSchema } from '../postgres/index.js';

let schemas = 0;

export function newSchemaName(): string {
  return `test_${process.pid}_${++schemas}`;
}

export interface TestPostgres extends AsyncDisposable {
  readonly schema: string;
  readonly pool: Pool;
}

/** With the tables of the outbox. */
export async function testPostgres(address: string, config: PoolConfig = {}): Promise<TestPostgres> {
  const schema = newSchemaName();
  const pool = new Pool({ connectionString: address, max: 10, ...config });
  await createOutboxSchema(pool, { schema });
  return {
    ...{ schema, pool },
    [Symbol.asyncDispose]: async () => {
      await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await pool.end();
    },
  };
}

export function testBus(): Promise<EventBus> {
  return createEventBus({ type: 'memory', serviceName: 'test' }, { plugins: [memory] });
}

/** `'a1'` is version 1 of the aggregate `a`. */
export function inputOf(name: string): {
  aggregateId: string;
  eventType: string;
  eventVersion: number;
  payload: { name: string };
} {
  const [, aggregateId = name, version = '1'] = /^(.*?)(\d+)$/.exec(name) ?? [];
  return { aggregateId, eventType: 'Changed', eventVersion: Number(version), payload: { name } };
}
