import { setImmediate } from 'node:timers/promises';
import { memory } from '@ebus/memory';
import { describe, expect, it, vi } from 'vitest';
import { createEventBus } from './create-event-bus.js';

const newBus = () =>
  createEventBus(
    { type: 'memory', serviceName: 'shop' },
    { plugins: [memory], logger: { debug() {}, info() {}, warn() {}, error() {} } },
  );

describe('bus.inspect', () => {
  it('shows subscriptions, with the messages at which their keys stand still', async () => {
    await using bus = await newBus();
    const secret = new Error('login postgres://shop:hunter2@db failed');
    await bus.subscribeEnvelope('orders', () => Promise.reject(secret), {
      maxRetries: 0,
      onExhausted: 'halt',
    });
    await bus.publishEnvelope('orders', {
      aggregateId: 'order-1',
      eventType: 'OrderPlaced',
      eventVersion: 1,
      payload: { total: 1 },
    });
    await vi.waitFor(() => expect(bus.inspect.subscriptions()[0]?.halted).toHaveLength(1));
    const [report, ...others] = bus.inspect.subscriptions();
    expect(others).toEqual([]);
    expect(report).toMatchObject({
      topic: 'orders',
      group: 'shop',
      deadLetterTopic: 'orders.dlq',
      stats: { halted: 1, inFlight: 1 },
      halted: [{ key: 'order-1', attempts: 1 }],
    });
    expect(report?.halted[0]?.errorMessage).toContain('failed');
    expect(report?.halted[0]?.errorMessage).not.toContain('hunter2');
    expect(report?.halted[0]?.message.json()).toMatchObject({ payload: { total: 1 } });
  });

  it('gives the subscription itself, to let a halted key go on', async () => {
    await using bus = await newBus();
    let isMended = false;
    const handled: string[] = [];
    const handle = (message: { text(): string }) => {
      if (!isMended) throw new Error('no stock');
      handled.push(message.text());
    };
    await bus.subscribe('orders', handle, { maxRetries: 0, onExhausted: 'halt' });
    await bus.publish('orders', 'a');
    await vi.waitFor(() => expect(bus.inspect.subscriptions()[0]?.halted).toHaveLength(1));
    expect(bus.inspect.subscription('orders', 'others')).toBeUndefined();
    isMended = true;
    bus.inspect.subscription('orders', 'shop')?.retryHalted();
    await vi.waitFor(() => expect(handled).toEqual(['a']));
  });

  it('refuses topics that keep nothing, and options that it does not know', async () => {
    await using bus = await newBus();
    await bus.topics.configure('news', { persistence: 'ephemeral' });
    expect(() => bus.inspect.browse('news')).toThrow(/'news' cannot be looked at/);
    expect(() => bus.inspect.tail('orders', { from: 'yesterday' as never })).toThrow(/from must be/);
    expect(() => bus.inspect.browse('orders', { follow: true } as never)).toThrow(/follow/);
    await expect(bus.inspect.topics({ limit: 3 } as never)).rejects.toThrow(/limit/);
  });

  it('ends with the bus', async () => {
    const bus = await newBus();
    await bus.publish('orders', 'a', { key: 'k' });
    const tail = bus.inspect.tail('orders');
    const next = tail.next();
    next.catch(() => {});
    await setImmediate();
    await bus.close();
    await expect(next).rejects.toMatchObject({ code: 'BUS_CLOSED' });
    await expect(bus.inspect.topics()).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  });
});
