import { ConfigError, createEventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import { expect, it } from 'vitest';
import { Inbox, MemoryInboxStore, type MemoryTransaction, memoryTransaction } from '../index.js';

const topic = 'shop.orders';
const input = { aggregateId: 'a', eventType: 'OrderPlaced', eventVersion: 1, payload: { total: 3 } };

it('runs once per consumer and event, and tells the value', async () => {
  const inbox = new Inbox(new MemoryInboxStore());
  const once = (id: string) => memoryTransaction((tx) => inbox.once(tx, 'billing', id, () => `did ${id}`));
  expect(await once('e1')).toEqual({ ran: true, value: 'did e1' });
  expect(await once('e1')).toEqual({ ran: false });
  expect(await once('e2')).toEqual({ ran: true, value: 'did e2' });
});

it('a handler that fails is handled again; one that succeeded is not', async () => {
  await using bus = await createEventBus({ type: 'memory', serviceName: 'shop' }, { plugins: [memory] });
  const inbox = new Inbox(new MemoryInboxStore());
  const totals: number[] = [];
  let failures = 1;
  const handler = inbox.handler<{ total: number }>(
    'billing',
    memoryTransaction,
    async ({ payload }, { attempt }, tx: MemoryTransaction) => {
      tx.onCommit(() => totals.push(payload.total));
      if (failures-- > 0) throw new Error(`attempt ${attempt} fails`);
    },
  );
  await bus.subscribeEnvelope(topic, handler, { retryBackoff: { base: 1 } });
  const eventId = 'event-1';
  for (let i = 0; i < 3; i++) await bus.publishEnvelope(topic, { ...input, eventId });
  await bus.idle();
  expect(totals).toEqual([3]);
});

it('prunes by age, in batches', async () => {
  const prunes: number[] = [];
  const left = [1000, 1000, 7];
  const store = {
    record: async () => true,
    prune: async (age: number) => {
      prunes.push(age);
      return left.shift() ?? 0;
    },
  };
  expect(await new Inbox(store, { retention: '1h' }).prune()).toBe(2007);
  expect(prunes).toEqual([3_600_000, 3_600_000, 3_600_000]);
});

it('refuses blank names and unknown options', async () => {
  const inbox = new Inbox(new MemoryInboxStore());
  const once = (consumer: string, id: string) =>
    memoryTransaction((tx) => inbox.once(tx, consumer, id, () => {}));
  await expect(once(' ', 'e1')).rejects.toThrow('consumer must be text');
  await expect(once('billing', '')).rejects.toThrow('eventId must be text');
  expect(() => inbox.handler('', memoryTransaction, () => {})).toThrow('consumer must be text');
  expect(() => new Inbox(new MemoryInboxStore(), { retain: '1h' } as never)).toThrow(ConfigError);
});
