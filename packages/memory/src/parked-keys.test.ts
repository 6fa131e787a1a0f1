import { createEventBus, type EventBus, type Subscription } from '@ebus/core';
import { afterEach, describe, expect, it } from 'vitest';
import { memory } from './index.js';

interface Numbered {
  n: number;
}

const open: EventBus[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((bus) => bus.close({ timeout: 100 })));
});

let broker = 0;

async function service(deadLetterTopic = '') {
  const bus = await createEventBus(
    {
      type: 'memory',
      serviceName: 'shop',
      subscriber: { errorHandling: { deadLetterTopic } },
      memory: { broker: `parked-${broker++}` },
    },
    { plugins: [memory] },
  );
  open.push(bus);
  return bus;
}

const event = (aggregateId: string, n: number) => ({
  ...{ aggregateId, eventType: 'Changed', eventVersion: 1, payload: { n } },
});

async function publish(bus: EventBus, topic: string, key: string, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) await bus.publishEnvelope(topic, event(key, n));
}

/** A group whose handler fails until it is repaired. */
async function patient(bus: EventBus, topic: string, group = 'shop') {
  const state = { broken: true, handled: [] as string[] };
  const subscription: Subscription = await bus.subscribeEnvelope<Numbered>(
    topic,
    ({ aggregateId, payload }) => {
      if (state.broken) throw new Error('broken');
      state.handled.push(`${aggregateId}${payload.n}`);
    },
    { group, onExhausted: 'park', maxRetries: 0 },
  );
  return Object.assign(state, { subscription });
}

describe('parked keys', () => {
  it('come back in order over many pages of letters', async () => {
    const bus = await service();
    const shop = await patient(bus, 'orders');
    const all = 2_500;
    await bus.publishEnvelopes(
      'orders',
      Array.from({ length: all }, (_, i) => event('a', i + 1)),
    );
    await bus.idle();
    expect(shop.subscription.stats()).toMatchObject({ parked: 1, deadLettered: all });
    shop.broken = false;
    expect(await bus.deadLetters.redrive('orders', { key: 'a' })).toMatchObject({ redriven: all, left: 0 });
    expect(shop.handled).toEqual(Array.from({ length: all }, (_, i) => `a${i + 1}`));
    // It held one message in flight, and a page of letters.
    expect(shop.subscription.stats()).toMatchObject({ parked: 0, inFlight: 0 });
  });

  it('are kept apart by topic and group in one dead-letter topic', async () => {
    const bus = await service('all.dead');
    const [orders, refunds] = [await patient(bus, 'orders'), await patient(bus, 'refunds')];
    const audit = await patient(bus, 'orders', 'audit');
    audit.broken = false;
    await publish(bus, 'orders', 'a', 1, 2);
    await publish(bus, 'refunds', 'a', 1, 2);
    await bus.idle();
    const keys = await bus.deadLetters.keys('all.dead');
    expect(keys.map(({ topic, group, letters }) => [topic, group, letters])).toEqual([
      ['orders', 'shop', 2],
      ['refunds', 'shop', 2],
    ]);
    expect(audit.handled).toEqual(['a1', 'a2']);
    orders.broken = false;
    refunds.broken = false;
    expect(await bus.deadLetters.redrive('orders', { key: 'a' })).toMatchObject({ redriven: 2, total: 2 });
    expect([orders.handled, refunds.handled, audit.handled]).toEqual([['a1', 'a2'], [], ['a1', 'a2']]);
    expect(refunds.subscription.stats().parked).toBe(1);
    await publish(bus, 'refunds', 'a', 3, 3);
    await bus.idle();
    expect(await bus.deadLetters.redrive('refunds')).toMatchObject({ redriven: 3 });
    expect(refunds.handled).toEqual(['a1', 'a2', 'a3']);
  });

  it('stay where they are while other letters are redriven', async () => {
    const bus = await service();
    const shop = await patient(bus, 'orders');
    await publish(bus, 'orders', 'a', 1, 2);
    await bus.idle();
    const mail: string[] = [];
    let isDown = true;
    const send = (message: { text(): string }) => {
      if (isDown) throw new Error('down');
      mail.push(message.text());
    };
    await bus.subscribe('orders', send, { group: 'mail', maxRetries: 0 });
    await bus.idle();
    isDown = false;
    const report = await bus.deadLetters.redrive('orders', { group: 'mail' });
    expect(report).toMatchObject({ redriven: 2, left: 2, total: 4, failed: [] });
    await bus.idle();
    expect(mail.length).toBe(2);
    expect((await bus.deadLetters.list('orders')).map(({ parkedKey }) => parkedKey)).toEqual(['a', 'a']);
    shop.broken = false;
    expect(await bus.deadLetters.redrive('orders', { limit: 1 })).toMatchObject({ redriven: 2, left: 0 });
    expect(shop.handled).toEqual(['a1', 'a2']);
  });

  it('are found by what their letters say, and deleted one by one', async () => {
    const bus = await service();
    await patient(bus, 'orders');
    await publish(bus, 'orders', 'a', 1, 3);
    await bus.idle();
    const found = async (criteria: Parameters<typeof bus.deadLetters.list>[1]) =>
      (await bus.deadLetters.list('orders', criteria)).length;
    const later = new Date(Date.now() + 60_000);
    expect(await found({ eventType: 'Paid' })).toBe(0);
    expect(await found({ group: 'other' })).toBe(0);
    expect(await found({ failedAfter: later })).toBe(0);
    expect(await found({ failedBefore: later, key: 'a', group: 'shop', aggregateId: 'a' })).toBe(3);
    const [, second] = await bus.deadLetters.list('orders');
    if (second === undefined) throw new Error('there is no second letter');
    expect(await bus.deadLetters.delete('orders', second, { dryRun: true })).toBe(true);
    expect(await bus.deadLetters.delete('orders', second)).toBe(true);
    expect(await bus.deadLetters.delete('orders', second)).toBe(false);
    expect(await found({})).toBe(2);
  });

  it('come back to a subscription that parks none any more, and to one without order', async () => {
    const bus = await service();
    const before = await patient(bus, 'orders');
    await publish(bus, 'orders', 'a', 1, 3);
    await bus.idle();
    await before.subscription.close();
    const handled: number[] = [];
    await bus.subscribe(
      'orders',
      (message) => void handled.push(message.json<{ payload: Numbered }>().payload.n),
      {
        group: 'shop',
      },
    );
    expect(await bus.deadLetters.redrive('orders', { key: 'a' })).toMatchObject({ redriven: 3 });
    expect(handled).toEqual([1, 2, 3]);
    expect(await bus.deadLetters.list('orders')).toEqual([]);
  });

  it('stay as long as nobody handles them: a redrive waits, and its signal ends the wait', async () => {
    const bus = await service();
    const shop = await patient(bus, 'orders');
    await publish(bus, 'orders', 'a', 1, 1);
    await bus.idle();
    await shop.subscription.close();
    const waiting = bus.deadLetters.redrive('orders', { key: 'a', signal: AbortSignal.timeout(50) });
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await bus.deadLetters.list('orders')).length).toBe(1);
    // It was asked for, and is handed back as soon as there is someone.
    const again = await patient(bus, 'orders');
    again.broken = false;
    await bus.idle();
    expect(again.handled).toEqual(['a1']);
  });

  it('cannot be left by a topic that becomes ephemeral', async () => {
    const bus = await service();
    await patient(bus, 'orders');
    await expect(bus.topics.setPersistence('orders', false)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(bus.topics.get('orders').persistence).not.toBe('ephemeral');
  });
});
