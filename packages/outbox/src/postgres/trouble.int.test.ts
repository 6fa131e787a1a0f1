/** Databases, connections and transactions that do what they should not. */
import { ConnectionError, EbusError, type Envelope, type EventBus } from '@ebus/core';
import { type Service, serviceProblem, sharedService, startService } from '@ebus/services';
import { Client, Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { OutboxRelay, outboxed } from '../index.js';
import { inTransaction } from '../testing/pg-transaction.js';
import { inputOf, testBus, testPostgres } from '../testing/test-postgres.js';
import { createOutboxSchema, PostgresOutboxStore, type Queryable } from './index.js';

const problem = await serviceProblem('postgres');
const TOPIC = 'shop.orders';
const patience = { timeout: 15_000, interval: 20 };

describe.skipIf(problem !== undefined)('PostgreSQL in trouble', () => {
  let address = '';
  let bus: EventBus;
  let seen: string[];

  beforeAll(async () => {
    address = (await sharedService('postgres')).addresses[0] ?? '';
  });
  beforeEach(async () => {
    bus = await testBus();
    seen = [];
    await bus.subscribeEnvelope(TOPIC, ({ aggregateId, eventVersion }: Envelope) => {
      seen.push(`${aggregateId}${eventVersion}`);
    });
  });
  afterEach(() => bus.close());

  const arrives = (...names: string[]) =>
    vi.waitFor(() => expect(seen).toEqual(expect.arrayContaining(names)), patience);

  it('a transaction that stays open delays no other aggregate, and is published when it commits', async () => {
    await using db = await testPostgres(address);
    const store = new PostgresOutboxStore(db.pool, { schema: db.schema });
    const outbox = outboxed(bus, store);
    await using relay = new OutboxRelay({ bus, store, pollInterval: '1h' });
    await relay.start();
    const open = await db.pool.connect();
    await open.query('BEGIN');
    await outbox.publishEnvelope(open, TOPIC, inputOf('open1'));
    for (let version = 1; version <= 20; version++) {
      await inTransaction(db.pool, (tx) => outbox.publishEnvelope(tx, TOPIC, inputOf(`a${version}`)));
    }
    await arrives('a1', 'a20');
    expect(seen).not.toContain('open1');
    await open.query('COMMIT');
    open.release();
    await arrives('open1');
  });

  it('a lost LISTEN connection is made again', async () => {
    await using db = await testPostgres(address);
    const store = new PostgresOutboxStore(db.pool, { schema: db.schema });
    const outbox = outboxed(bus, store);
    await using relay = new OutboxRelay({ bus, store, pollInterval: '1h' });
    await relay.start();
    const listening = async () => {
      const { rows } = await db.pool.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()`,
        [`LISTEN %${db.schema}%`],
      );
      return rows.map(({ pid }) => pid);
    };
    const [first] = await vi.waitFor(async () => {
      const pids = await listening();
      expect(pids).toHaveLength(1);
      return pids;
    }, patience);
    await db.pool.query('SELECT pg_terminate_backend($1)', [first]);
    // Committed while nobody listens: found when listening begins again.
    await inTransaction(db.pool, (tx) => outbox.publishEnvelope(tx, TOPIC, inputOf('a1')));
    await arrives('a1');
    await vi.waitFor(async () => {
      const [again] = await listening();
      expect(again).not.toBe(undefined);
      expect(again).not.toBe(first);
    }, patience);
    await inTransaction(db.pool, (tx) => outbox.publishEnvelope(tx, TOPIC, inputOf('a2')));
    await arrives('a2');
  });

  it('an idle relay asks once per poll interval', async () => {
    await using db = await testPostgres(address);
    let queries = 0;
    const counted: Queryable = {
      query: (text, values) => {
        queries++;
        return db.pool.query(text, values);
      },
    };
    const store = new PostgresOutboxStore(counted, { schema: db.schema, listen: false });
    await using relay = new OutboxRelay({ bus, store, pollInterval: 100 });
    const begin = performance.now();
    await relay.start();
    await vi.waitFor(() => expect(queries).toBeGreaterThanOrEqual(10), patience);
    // One more for the version at the start.
    expect(queries).toBeLessThanOrEqual((performance.now() - begin) / 100 + 2);
  });

  it('a claim whose answer is lost is claimed again when its lease ran out; nothing is lost, nothing comes twice', async () => {
    await using db = await testPostgres(address);
    let lose = true;
    const lossy: Queryable = {
      query: async (text, values) => {
        const result = await db.pool.query(text, values);
        if (!lose || !text.includes('candidate')) return result;
        lose = false;
        throw new Error('Connection terminated unexpectedly');
      },
    };
    const store = new PostgresOutboxStore(lossy, { schema: db.schema, listen: false });
    const outbox = outboxed(bus, store);
    await inTransaction(db.pool, (tx) => outbox.publishEnvelopes(tx, TOPIC, ['a1', 'a2', 'b1'].map(inputOf)));
    await using relay = new OutboxRelay({ bus, store, pollInterval: 50, lease: 500 });
    await relay.start();
    await arrives('a1', 'a2', 'b1');
    await vi.waitFor(async () => expect((await store.stats()).pending).toBe(0), patience);
    expect(seen.toSorted()).toEqual(['a1', 'a2', 'b1']);
  });

  it.each([
    ['a pool', () => new Pool({ connectionString: address, max: 3 })],
    ['a client', () => new Client({ connectionString: address })],
  ])('%s that is in no transaction is refused, and nothing is written', async (_, make) => {
    await using db = await testPostgres(address);
    const client = make();
    if (client instanceof Client) await client.connect();
    const store = new PostgresOutboxStore(db.pool, { schema: db.schema });
    await expect(outboxed(bus, store).publishEnvelope(client, TOPIC, inputOf('a1'))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('save needs a client that is in a transaction'),
    });
    expect((await store.stats()).pending).toBe(0);
    await client.end();
  });

  it('what cannot be stored or sent is refused at the call, and the transaction is the caller’s to end', async () => {
    await using db = await testPostgres(address);
    const outbox = outboxed(bus, new PostgresOutboxStore(db.pool, { schema: db.schema }));
    const refused = (topic: string, changes: object) =>
      inTransaction(db.pool, (tx) => outbox.publishEnvelope(tx, topic, { ...inputOf('a1'), ...changes }));
    await expect(refused('shop orders', {})).rejects.toMatchObject({ code: 'TOPIC_NAME_INVALID' });
    await expect(refused(TOPIC, { payload: undefined })).rejects.toMatchObject({ code: 'ENVELOPE_INVALID' });
    await expect(refused(TOPIC, { payload: () => 1 })).rejects.toMatchObject({ code: 'ENVELOPE_INVALID' });
    await expect(refused(TOPIC, { payload: { n: 10n } })).rejects.toMatchObject({ code: 'ENVELOPE_INVALID' });
    await expect(refused(TOPIC, { payload: { text: 'a\0b' } })).rejects.toMatchObject({
      code: 'ENVELOPE_INVALID',
      message: expect.stringContaining('U+0000'),
    });
    await expect(refused(TOPIC, { aggregateId: 'ä' })).rejects.toMatchObject({ code: 'ENVELOPE_INVALID' });
    await expect(refused(TOPIC, { eventType: 'x'.repeat(300) })).rejects.toMatchObject({
      code: 'ENVELOPE_INVALID',
    });
    await expect(
      inTransaction(db.pool, (tx) =>
        outbox.publishEnvelope(tx, TOPIC, inputOf('a1'), { timeout: '1s' } as never),
      ),
    ).rejects.toThrow(/unknown option 'timeout'/);
  });

  it('errors that a transaction is repeated for pass unchanged', async () => {
    await using db = await testPostgres(address);
    const outbox = outboxed(bus, new PostgresOutboxStore(db.pool, { schema: db.schema }));
    const save = async (client: Client, name: string) => outbox.publishEnvelope(client, TOPIC, inputOf(name));
    const [first, second] = [new Client(address), new Client(address)];
    for (const client of [first, second]) {
      await client.connect();
      await client.query('BEGIN');
    }
    await save(first, 'a1');
    await save(second, 'b1');
    const outcomes = await Promise.allSettled([save(first, 'b2'), save(second, 'a2')]);
    const deadlocks = outcomes.filter((one) => one.status === 'rejected').map(({ reason }) => reason);
    expect(deadlocks).toEqual([expect.objectContaining({ code: '40P01' })]);
    expect(EbusError.isInstance(deadlocks[0])).toBe(false);
    for (const client of [first, second]) await client.end();
  });

  describe('that is restarted', () => {
    let server: Service;
    beforeAll(async () => {
      server = await startService('postgres', { own: true });
    });
    afterAll(() => server?.close());

    it('is found again: events that wait are published, new ones are heard of', {
      timeout: 60_000,
    }, async () => {
      const pool = new Pool({ connectionString: server.addresses[0], max: 5, connectionTimeoutMillis: 2000 });
      await createOutboxSchema(pool);
      const store = new PostgresOutboxStore(pool);
      const outbox = outboxed(bus, store);
      await using relay = new OutboxRelay({ bus, store, pollInterval: 200, lease: '2s' });
      await relay.start();
      await inTransaction(pool, (tx) => outbox.publishEnvelope(tx, TOPIC, inputOf('a1')));
      await arrives('a1');
      await server.kill();
      await expect(store.stats()).rejects.toThrow(ConnectionError);
      await vi.waitFor(async () => {
        const { status, business } = await bus.health.report();
        expect([status, business[0]?.name, business[0]?.status]).toEqual([
          'unhealthy',
          'outbox',
          'unhealthy',
        ]);
      }, patience);
      await server.restart();
      await vi.waitFor(
        () => inTransaction(pool, (tx) => outbox.publishEnvelopes(tx, TOPIC, ['a2', 'b1'].map(inputOf))),
        patience,
      );
      await arrives('a1', 'a2', 'b1');
      await vi.waitFor(async () => expect((await relay.stats()).storeError).toBeUndefined(), patience);
      await relay.stop();
      await pool.end();
    });

    it('at the start: the relay waits for it', { timeout: 60_000 }, async () => {
      await server.stop();
      const pool = new Pool({ connectionString: server.addresses[0], max: 5, connectionTimeoutMillis: 2000 });
      const store = new PostgresOutboxStore(pool);
      await using relay = new OutboxRelay({ bus, store, pollInterval: 100 });
      await relay.start();
      await server.restart();
      await inTransaction(pool, (tx) => outboxed(bus, store).publishEnvelope(tx, TOPIC, inputOf('c1')));
      await arrives('c1');
      await relay.stop();
      await pool.end();
    });
  });
});
