import { readFileSync } from 'node:fs';
import { ConfigError, EbusError } from '@ebus/core';
import { serviceProblem, sharedService } from '@ebus/services';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutboxRelay, outboxed } from '../index.js';
import { inTransaction } from '../testing/pg-transaction.js';
import { inputOf, newSchemaName, testBus } from '../testing/test-postgres.js';
import { createOutboxSchema, PostgresInboxStore, PostgresOutboxStore } from './index.js';

const problem = await serviceProblem('postgres');

describe.skipIf(problem !== undefined)('the schema', () => {
  let pool: Pool;
  let address = '';
  const schemas: string[] = [];
  const newSchema = () => {
    const schema = newSchemaName();
    schemas.push(schema);
    return schema;
  };

  beforeAll(async () => {
    address = (await sharedService('postgres')).addresses[0] ?? '';
    pool = new Pool({ connectionString: address, max: 12 });
  });
  afterAll(async () => {
    for (const schema of schemas) await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await pool.end();
  });

  it('is made by several processes at once, and again', async () => {
    const schema = newSchema();
    await Promise.all(Array.from({ length: 10 }, () => createOutboxSchema(pool, { schema })));
    await createOutboxSchema(pool, { schema });
    await new PostgresOutboxStore(pool, { schema }).verify();
  });

  it('is made in a transaction of the caller, and gone with it', async () => {
    const schema = newSchema();
    await expect(
      inTransaction(pool, async (client) => {
        await createOutboxSchema(client, { schema });
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    await expect(new PostgresOutboxStore(pool, { schema }).verify()).rejects.toThrow(ConfigError);
  });

  it('is made by the SQL file, where the search path leads', async () => {
    const schema = newSchema();
    const own = new Pool({ connectionString: address, max: 1, options: `-c search_path=${schema}` });
    await own.query(`CREATE SCHEMA ${schema}`);
    const sql = readFileSync(new URL('../../sql/outbox.sql', import.meta.url), 'utf8');
    for (let i = 0; i < 2; i++) await own.query(sql);
    await new PostgresOutboxStore(own).verify();
    expect(await new PostgresOutboxStore(own).stats()).toMatchObject({ pending: 0 });
    await own.end();
  });

  it('that is missing is named by everything that needs it', async () => {
    await using bus = await testBus();
    const store = new PostgresOutboxStore(pool, { schema: 'nowhere' });
    const missing = {
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('createOutboxSchema(client)'),
    };
    await expect(new OutboxRelay({ bus, store }).start()).rejects.toMatchObject(missing);
    await expect(new OutboxRelay({ bus, store }).runOnce()).rejects.toMatchObject(missing);
    await expect(
      inTransaction(pool, (client) =>
        outboxed(bus, store).publishEnvelope(client, 'shop.orders', inputOf('a1')),
      ),
    ).rejects.toMatchObject(missing);
  });

  it.each([
    [99, /has version 99, and this @ebus\/outbox needs 1: update @ebus\/outbox/],
    [0, /has version 0, and this @ebus\/outbox needs 1: call createOutboxSchema/],
  ])('of version %i is refused', async (version, message) => {
    const schema = newSchema();
    await createOutboxSchema(pool, { schema });
    await pool.query(`UPDATE ${schema}.outbox_schema SET version = ${version}`);
    await using bus = await testBus();
    const relay = new OutboxRelay({ bus, store: new PostgresOutboxStore(pool, { schema }) });
    await expect(relay.start()).rejects.toThrow(message);
    await expect(relay.start()).rejects.toThrow(ConfigError);
    if (version === 99) {
      const error: unknown = await createOutboxSchema(pool, { schema }).catch((reason: unknown) => reason);
      expect(EbusError.isInstance(error) && error.code).toBe('CONFIG_INVALID');
      expect(String(error)).toContain('update the package');
    }
  });

  it.each([
    ['', /schema must be/],
    ['x'.repeat(64), /1 to 63 bytes/],
    [7, /schema must be/],
  ])('named %o is refused', async (schema, message) => {
    await expect(createOutboxSchema(pool, { schema: schema as string })).rejects.toThrow(message);
  });

  it('can be used with the permissions that the guide lists', async () => {
    const schema = newSchema();
    await createOutboxSchema(pool, { schema });
    const login = async (role: string, ...grants: string[]) => {
      const name = `${schema}_${role}`;
      await pool.query(`CREATE ROLE ${name} LOGIN; GRANT USAGE ON SCHEMA ${schema} TO ${name}`);
      for (const grant of grants) {
        const [rights, table] = grant.split(' ON ');
        await pool.query(`GRANT ${rights} ON ${schema}.${table} TO ${name}`);
      }
      const url = new URL(address);
      url.username = name;
      return new Pool({ connectionString: url.href, max: 2 });
    };
    const service = await login('service', 'INSERT ON outbox_events');
    const relaying = await login(
      'relay',
      'SELECT, UPDATE, DELETE ON outbox_events',
      'SELECT ON outbox_schema',
    );
    const consumer = await login('consumer', 'INSERT ON inbox_events');
    const pruner = await login('pruner', 'SELECT, UPDATE, DELETE ON inbox_events');
    await using bus = await testBus();
    const store = new PostgresOutboxStore(relaying, { schema });
    await inTransaction(service, (client) =>
      outboxed(bus, store).publishEnvelope(client, 'shop.orders', inputOf('a1')),
    );
    await store.verify();
    expect((await new OutboxRelay({ bus, store }).runOnce()).published).toBe(1);
    expect(await store.prune(-60_000)).toBe(1);
    expect(
      await inTransaction(consumer, (tx) => new PostgresInboxStore(pool, { schema }).record(tx, 'c', 'e')),
    ).toBe(true);
    expect(await new PostgresInboxStore(pruner, { schema }).prune(-60_000)).toBe(1);
    await expect(new PostgresOutboxStore(service, { schema }).stats()).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
    for (const one of [service, relaying, consumer, pruner]) await one.end();
    const roles = ['service', 'relay', 'consumer', 'pruner'].map((role) => `${schema}_${role}`).join(', ');
    await pool.query(`DROP OWNED BY ${roles}; DROP ROLE ${roles}`);
  });

  it('may have any name', async () => {
    const schema = `Odd "name" ' ${process.pid}`;
    schemas.push(`"${schema.replaceAll('"', '""')}"`);
    await createOutboxSchema(pool, { schema });
    await using bus = await testBus();
    const store = new PostgresOutboxStore(pool, { schema });
    await inTransaction(pool, (client) =>
      outboxed(bus, store).publishEnvelope(client, 'shop.orders', inputOf('a1')),
    );
    expect((await new OutboxRelay({ bus, store }).runOnce()).published).toBe(1);
  });
});
