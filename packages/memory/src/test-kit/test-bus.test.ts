import { createEventBus, type EventBus, PermanentError, type Subscription } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { memory } from '../index.js';
import { testBus } from './index.js';

const placed = (id: string, total = 1) => ({
  aggregateId: id,
  eventType: 'OrderPlaced',
  eventVersion: 1,
  payload: { total },
});

/** A service under test: each order is answered with a shipment. */
async function startShipping(bus: EventBus): Promise<Subscription> {
  return bus.subscribeEnvelope<{ total: number }>('orders', async ({ aggregateId, payload }) => {
    if (payload.total < 0) throw new PermanentError('negative');
    await bus.publishEnvelope('shipments', {
      aggregateId,
      eventType: 'Shipped',
      eventVersion: 1,
      payload: { paid: payload.total },
    });
  });
}

describe('what happened', () => {
  it('is known by topic, once it has happened', async () => {
    await using test = await testBus();
    await startShipping(test.bus);
    await test.bus.publishEnvelope('orders', placed('o-1', 42));
    expect(await test.published('shipments')).toMatchObject([
      { key: 'o-1', envelope: { eventType: 'Shipped', payload: { paid: 42 } } },
    ]);
    expect(await test.handled('orders')).toMatchObject([{ group: 'test', attempt: 1, key: 'o-1' }]);
  });

  it('may be awaited before it is caused, by number and by content', async () => {
    await using test = await testBus();
    const third = test.published<{ total: number }>('orders', { count: 3 });
    const big = test.published<{ total: number }>('orders', {
      where: ({ envelope }) => (envelope?.payload.total ?? 0) > 2,
    });
    for (const total of [1, 2, 3]) await test.bus.publishEnvelope('orders', placed('o-1', total));
    expect((await third).map(({ envelope }) => envelope?.payload.total)).toEqual([1, 2, 3]);
    expect((await big).map(({ envelope }) => envelope?.payload.total)).toEqual([3]);
  });

  it('has messages that are no envelopes', async () => {
    await using test = await testBus();
    await test.bus.subscribe('raw', () => {});
    await test.bus.publish('raw', { a: 1 }, { key: 'k', headers: { h: 'v' } });
    const [message] = await test.handled('raw');
    expect(message).toMatchObject({ topic: 'raw', key: 'k', envelope: undefined });
    expect([message?.json(), message?.text(), message?.headers.get('h')]).toEqual([{ a: 1 }, '{"a":1}', 'v']);
  });

  it('is told where it did not happen', async () => {
    await using test = await testBus();
    await test.bus.subscribeEnvelope('orders', () => Promise.reject(new PermanentError('no stock')));
    await test.bus.publishEnvelope('orders', placed('o-1'));
    const error = await test.published('shipments', { timeout: 50 }).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ code: 'IDLE_TIMEOUT' });
    expect(error?.message).toContain("0 of 1 messages of 'shipments' were published within 50 ms");
    expect(error?.message).toContain(
      'orders: 1 published, 0 handled, 1 failed attempts (the last: PermanentError: no stock)',
    );
  });

  it('is known not to have happened once all is idle', async () => {
    await using test = await testBus();
    await startShipping(test.bus);
    await test.bus.publishEnvelope('orders', placed('o-1', -1));
    await test.idle();
    expect(test.seen('shipments').published).toEqual([]);
    expect(test.seen('orders').deadLettered).toHaveLength(1);
  });
});

describe('retries', () => {
  it('take no time while the test waits', async () => {
    await using test = await testBus();
    await test.bus.subscribeEnvelope('orders', () => Promise.reject(new Error('down')), {
      retryBackoff: { base: '10m', max: '10m', jitter: false },
    });
    const before = test.clock.now();
    await test.bus.publishEnvelope('orders', placed('o-1'));
    expect(await test.deadLettered('orders')).toMatchObject([
      { attempts: 4, error: { message: 'down' }, deadLetterTopic: 'orders.dlq', key: 'o-1' },
    ]);
    expect(test.clock.now() - before).toBeGreaterThanOrEqual(3 * 600_000);
    expect(test.seen('orders.dlq').published).toHaveLength(1);
    expect(test.seen('orders').failed.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  });

  it('come when the test moves the clock, and not before', async () => {
    await using test = await testBus();
    test.failHandlers('orders');
    await test.bus.subscribeEnvelope('orders', () => {}, {
      retryBackoff: { base: '1h', max: '1h', jitter: false },
    });
    await test.bus.publishEnvelope('orders', placed('o-1'));
    expect(await test.failed('orders')).toMatchObject([
      { attempt: 1, error: { message: expect.stringContaining('lets an attempt') } },
    ]);
    await test.advance('59m');
    expect(test.seen('orders')).toMatchObject({ failed: [{}], handled: [] });
    await test.advance('2m');
    expect(test.seen('orders')).toMatchObject({ failed: [{}], handled: [{ attempt: 2 }] });
  });
});

describe('the clock', () => {
  it('starts where the test says, and goes on', async () => {
    const startAt = new Date('2026-01-01T00:00:00Z');
    await using test = await testBus({ startAt });
    await test.advance('1d');
    await test.bus.publishEnvelope('orders', placed('o-1'));
    const [message] = await test.published('orders');
    expect(message?.envelope?.timestamp.toISOString()).toMatch(/^2026-01-02T00:0/);
  });

  it('ends a handler at its processing timeout', async () => {
    await using test = await testBus({ config: { subscriber: { processTimeout: '1h' } } });
    await test.bus.subscribeEnvelope(
      'orders',
      (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      { maxRetries: 0 },
    );
    await test.bus.publishEnvelope('orders', placed('o-1'));
    await test.advance('1h');
    expect(await test.deadLettered('orders')).toMatchObject([{ error: { code: 'PROCESSING_TIMEOUT' } }]);
  });
});

describe('several buses', () => {
  it('share a broker, and are idle together', async () => {
    await using test = await testBus({ serviceName: 'orders' });
    const billing = await test.createBus({ serviceName: 'billing' });
    const shipping = await test.createBus({ serviceName: 'shipping' });
    await startShipping(shipping);
    const billed: string[] = [];
    await billing.subscribeEnvelope('shipments', async ({ aggregateId }) => {
      await new Promise((resolve) => setImmediate(resolve));
      billed.push(aggregateId);
    });
    for (let n = 0; n < 100; n++) await test.bus.publishEnvelope('orders', placed(`o-${n}`));
    await test.idle();
    expect(billed).toHaveLength(100);
    expect(test.seen('shipments').handled.every(({ group }) => group === 'billing')).toBe(true);
  });

  it('share nothing with the buses of another test', async () => {
    await using one = await testBus();
    await using other = await testBus();
    await one.bus.publishEnvelope('orders', placed('o-1'));
    await one.idle();
    expect(other.seen('orders').published).toEqual([]);
  });
});

describe('idle', () => {
  it('names who is busy', async () => {
    await using test = await testBus();
    await test.bus.subscribeEnvelope('orders', () => Promise.reject(new PermanentError('no')), {
      onExhausted: 'halt',
    });
    await test.bus.publishEnvelope('orders', placed('o-1'));
    await expect(test.idle({ timeout: 50 })).rejects.toThrow(
      "not idle within 50 ms: 1 messages of 'orders' are unsettled in group 'test'",
    );
  });

  it('waits for handlers at the pace of the machine', async () => {
    await using test = await testBus({ config: { subscriber: { processTimeout: '1m' } } });
    const before = test.clock.monotonic();
    await test.bus.subscribeEnvelope('orders', () => new Promise((resolve) => setTimeout(resolve, 20)));
    await test.bus.publishEnvelope('orders', placed('o-1'));
    await test.idle();
    expect(test.clock.monotonic() - before).toBeLessThan(60_000);
    expect(test.seen('orders').handled).toHaveLength(1);
  });
});

describe('failures that a test asks for', () => {
  it('are retried by publishes, and stored twice where only the acknowledgement is lost', async () => {
    await using test = await testBus();
    test.failPublishes('orders', { times: 2 });
    const first = test.bus.publishEnvelope('orders', placed('o-1'));
    await test.idle();
    await first;
    expect(test.seen('orders').published).toHaveLength(1);
    test.failPublishes('orders', { stored: true });
    const second = test.bus.publishEnvelope('orders', placed('o-2'));
    await test.idle();
    await second;
    const ids = test.seen('orders').published.map(({ envelope }) => envelope?.eventId);
    expect(new Set(ids).size).toBe(2);
    expect(ids).toHaveLength(3);
  });

  it('end a publish whose error is not retried', async () => {
    await using test = await testBus();
    test.failPublishes('orders', { error: new Error('refused') });
    await expect(test.bus.publishEnvelope('orders', placed('o-1'))).rejects.toThrow('refused');
  });

  it('hand an event to its handler twice', async () => {
    await using test = await testBus();
    let calls = 0;
    await test.bus.subscribeEnvelope('orders', () => void calls++);
    test.failHandlers('orders', { when: 'after' });
    await test.bus.publishEnvelope('orders', placed('o-1'));
    await test.idle();
    expect([calls, test.seen('orders').handled.length]).toEqual([2, 1]);
  });

  it('take the connection away', async () => {
    await using test = await testBus();
    test.disconnect();
    await expect(test.bus.publishEnvelope('orders', placed('o-1'), { timeout: 20 })).rejects.toMatchObject({
      retryable: true,
    });
    expect(test.bus.connection.state().status).toBe('reconnecting');
    const later = test.bus.publishEnvelope('orders', placed('o-2'));
    test.reconnect();
    await later;
    expect(test.seen('orders').published).toMatchObject([{ key: 'o-2' }]);
  });
});

it('refuses options that it does not know', async () => {
  await expect(testBus({ name: 'x' } as object)).rejects.toThrow("testBus: unknown option 'name'");
  await using test = await testBus();
  expect(() => test.failPublishes('x', { time: 2 } as object)).toThrow("did you mean 'times'?");
  await expect(test.published('x', { counts: 2 } as object)).rejects.toThrow("did you mean 'count'?");
});

it('leaves the named brokers of the process alone', async () => {
  await using test = await testBus();
  await using other = await createEventBus(
    { type: 'memory', serviceName: 's', memory: { broker: 'elsewhere' } },
    { plugins: [memory] },
  );
  await other.publishEnvelope('orders', placed('o-1'));
  expect(test.seen('orders').published).toEqual([]);
});
