/** The whole way, from a transaction to a handler, in this process. */
import { createEventBus, type Envelope, type EventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryOutboxStore, memoryTransaction, OutboxRelay, outboxed } from './index.js';
import { createOutboxSchema, PostgresOutboxStore } from './postgres/index.js';

const topic = 'shop.orders';
let bus: EventBus;
let seen: Envelope[];

const event = (eventVersion: number) => ({
  aggregateId: 'order-1',
  eventType: 'OrderChanged',
  eventVersion,
  payload: { total: 42 },
});

beforeEach(async () => {
  bus = await createEventBus({ type: 'memory', serviceName: 'shop' }, { plugins: [memory] });
  seen = [];
  await bus.subscribeEnvelope(topic, (envelope) => void seen.push(envelope));
});
afterEach(() => bus.close());

const versions = () => seen.map(({ eventVersion }) => eventVersion);

describe('memory', () => {
  it('publishes what was committed, and nothing of what was rolled back', async () => {
    const store = new MemoryOutboxStore();
    const outbox = outboxed(bus, store);
    await memoryTransaction((tx) => outbox.publishEnvelope(tx, topic, event(1)));
    const failing = memoryTransaction(async (tx) => {
      await outbox.publishEnvelope(tx, topic, event(2));
      throw new Error('the order is not for sale');
    });
    await expect(failing).rejects.toThrow('not for sale');
    const relay = new OutboxRelay({ bus, store });
    expect(await relay.runOnce()).toEqual({ claimed: 1, published: 1, retrying: 0, failed: 0 });
    await bus.idle();
    expect(versions()).toEqual([1]);
  });
});

describe('PGlite', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = new PGlite();
    await createOutboxSchema(db);
  });
  afterAll(() => db.close());

  it('publishes in order, woken by the commit', async () => {
    const store = new PostgresOutboxStore(db);
    const outbox = outboxed(bus, store);
    await db.transaction(async (tx) => {
      await outbox.publishEnvelope(tx, topic, event(1), { headers: { origin: 'web' } });
      await outbox.publishEnvelopes(tx, topic, [event(2), event(3)]);
    });
    await using relay = new OutboxRelay({ bus, store, pollInterval: '1h' });
    await relay.start();
    await vi.waitFor(() => expect(versions()).toEqual([1, 2, 3]), { timeout: 10_000 });
    await db.transaction((tx) => outbox.publishEnvelope(tx, topic, event(4)));
    await vi.waitFor(() => expect(versions()).toEqual([1, 2, 3, 4]), { timeout: 10_000 });
    expect(await relay.stats()).toMatchObject({ pending: 0, published: 4 });
  });
});
