/** PGlite: the store suite, and the whole way from a transaction to a handler. One instance, since it takes seconds. */
import type { Envelope } from '@ebus/core';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { OutboxRelay, outboxed } from '../index.js';
import { runStoreSuite } from '../store-suite/index.js';
import { pgliteHarness } from '../testing/postgres-harness.js';
import { inputOf, testBus } from '../testing/test-postgres.js';
import { createOutboxSchema, PostgresOutboxStore } from './index.js';

const TOPIC = 'shop.orders';
const patience = { timeout: 15_000, interval: 10 };

let db: PGlite;
beforeAll(async () => {
  db = await PGlite.create();
}, 180_000);
afterAll(() => db?.close());

runStoreSuite(
  { describe, it },
  pgliteHarness(() => db),
);

it('publishes in order what was committed, woken by the commit', async () => {
  await using bus = await testBus();
  const seen: string[] = [];
  await bus.subscribeEnvelope(TOPIC, ({ aggregateId, eventVersion }: Envelope) => {
    seen.push(`${aggregateId}${eventVersion}`);
  });
  await createOutboxSchema(db);
  const store = new PostgresOutboxStore(db);
  const outbox = outboxed(bus, store);
  await db.transaction(async (tx) => {
    await outbox.publishEnvelope(tx, TOPIC, inputOf('a1'), { headers: { origin: 'web' } });
    await outbox.publishEnvelopes(tx, TOPIC, ['a2', 'a3'].map(inputOf));
  });
  await db.transaction(async (tx) => {
    await outbox.publishEnvelope(tx, TOPIC, inputOf('never1'));
    await tx.rollback();
  });
  await using relay = new OutboxRelay({ bus, store, pollInterval: '1h' });
  await relay.start();
  await vi.waitFor(() => expect(seen).toEqual(['a1', 'a2', 'a3']), patience);
  await db.transaction((tx) => outbox.publishEnvelope(tx, TOPIC, inputOf('a4')));
  await vi.waitFor(() => expect(seen).toEqual(['a1', 'a2', 'a3', 'a4']), patience);
  expect(await relay.stats()).toMatchObject({ pending: 0, published: 4 });
});
