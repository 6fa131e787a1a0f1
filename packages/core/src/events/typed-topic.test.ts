import { memory } from '@ebus/memory';
import { testBus } from '@ebus/memory/testing';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { EnvelopeHandler } from '../consume/types.js';
import { createEventBus, type Envelope } from '../index.js';
import { defineEvents } from './define-events.js';
import { topic } from './typed-topic.js';

const events = defineEvents({
  OrderPlaced: z.object({ total: z.number().positive(), placedAt: z.coerce.date().optional() }),
  OrderPaid: z.object({ method: z.enum(['card', 'cash']) }),
});
const orders = topic('shop.orders', events);
const placed = (total: number) =>
  ({ eventType: 'OrderPlaced', aggregateId: 'o-1', eventVersion: 1, payload: { total } }) as const;

describe('defineEvents and topic', () => {
  it('refuse what is no schema, no events, no name', () => {
    expect(() => defineEvents({})).toThrow('at least one event type');
    expect(() => defineEvents({ A: { type: 'object' } } as never)).toThrow("'A' needs a Standard Schema");
    expect(() => defineEvents(undefined as never)).toThrow('give schemas by event type');
    expect(() => topic('a b', events)).toThrow('topic name cannot contain spaces');
    expect(() => topic('a', { A: z.string() } as never)).toThrow('give what defineEvents returns');
  });
});

describe('publish', () => {
  it('sends what the schema accepts, as it was given', async () => {
    await using test = await testBus();
    const payload = { total: 1, placedAt: '2026-01-01T00:00:00Z' };
    await orders.publish(test.bus, { ...placed(1), payload });
    expect(await test.published('shop.orders')).toMatchObject([
      { key: 'o-1', envelope: { eventType: 'OrderPlaced', payload } },
    ]);
  });

  it('refuses what it does not accept, and sends nothing', async () => {
    await using test = await testBus();
    await expect(orders.publish(test.bus, placed(-1))).rejects.toMatchObject({
      code: 'ENVELOPE_INVALID',
      path: 'payload',
      message: expect.stringMatching(
        /^invalid envelope: payload\.total: .* \(OrderPlaced for topic 'shop\.orders'\)$/,
      ),
    });
    const unknown = { ...placed(1), eventType: 'OrderEaten' } as never;
    await expect(orders.publish(test.bus, unknown)).rejects.toThrow(
      "topic 'shop.orders' has no event 'OrderEaten'; it has OrderPlaced, OrderPaid",
    );
    const inherited = { ...placed(1), eventType: 'toString' } as never;
    await expect(orders.publish(test.bus, inherited)).rejects.toThrow("no event 'toString'");
    await expect(orders.publish(test.bus, undefined as never)).rejects.toThrow("no event 'undefined'");
    await expect(orders.check(placed(-1))).rejects.toThrow('payload.total');
    expect(await orders.check(placed(2))).toEqual(placed(2));
    expect(test.seen('shop.orders').published).toEqual([]);
  });

  it('keeps the order of the calls', async () => {
    await using test = await testBus();
    await Promise.all([1, 2, 3, 4].map((total) => orders.publish(test.bus, placed(total))));
    const totals = test.seen('shop.orders').published.map(({ envelope }) => envelope?.payload);
    expect(totals).toEqual([1, 2, 3, 4].map((total) => ({ total })));
  });

  it('waits for a schema that answers later', async () => {
    await using test = await testBus();
    const slow = topic('slow', defineEvents({ A: z.string().refine(async (text) => text !== 'no') }));
    const event = { eventType: 'A', aggregateId: 'a', eventVersion: 1 } as const;
    await slow.publish(test.bus, { ...event, payload: 'yes' });
    await expect(slow.publish(test.bus, { ...event, payload: 'no' })).rejects.toThrow('invalid envelope');
    await slow.subscribe(test.bus, () => {});
    expect(await test.handled('slow')).toHaveLength(1);
  });
});

describe('subscribe', () => {
  it('hands over the output of the schema, and tells the events apart', async () => {
    await using test = await testBus();
    const seen: unknown[] = [];
    await orders.subscribe(test.bus, (event) => {
      switch (event.eventType) {
        case 'OrderPlaced':
          expectTypeOf(event.payload).toEqualTypeOf<{ total: number; placedAt?: Date | undefined }>();
          seen.push(event.payload.placedAt);
          break;
        case 'OrderPaid':
          expectTypeOf(event.payload.method).toEqualTypeOf<'card' | 'cash'>();
          seen.push(event.payload.method);
          break;
        default:
          expectTypeOf(event).toBeNever();
      }
    });
    const payload = { total: 1, placedAt: '2026-01-01T00:00:00Z' };
    await orders.publish(test.bus, { ...placed(1), payload });
    await orders.publish(test.bus, {
      eventType: 'OrderPaid',
      aggregateId: 'o-1',
      eventVersion: 2,
      payload: { method: 'card' },
    });
    await test.idle();
    expect(seen).toEqual([new Date('2026-01-01T00:00:00Z'), 'card']);
  });

  it('dead-letters what other producers wrote wrongly, without a retry', async () => {
    await using test = await testBus();
    await orders.subscribe(test.bus, () => {});
    await test.bus.publishEnvelope('shop.orders', { ...placed(1), payload: { total: 'much' } });
    expect(await test.deadLettered('shop.orders')).toMatchObject([
      { attempts: 1, error: { code: 'ENVELOPE_INVALID', message: expect.stringContaining('payload.total') } },
    ]);
  });

  it('ignores events of other types, or does what it is told', async () => {
    await using test = await testBus();
    const others: Envelope[] = [];
    await orders.subscribe(test.bus, () => {}, { group: 'ignores' });
    await orders.subscribe(test.bus, () => {}, { group: 'refuses', otherwise: 'dead-letter' });
    await orders.subscribe(test.bus, () => {}, { group: 'takes', otherwise: (event) => others.push(event) });
    await test.bus.publishEnvelope('shop.orders', { ...placed(1), eventType: 'OrderEaten' });
    await test.idle();
    expect(
      test
        .seen('shop.orders')
        .handled.map(({ group }) => group)
        .sort(),
    ).toEqual(['ignores', 'takes']);
    expect(test.seen('shop.orders').deadLettered).toMatchObject([
      {
        group: 'refuses',
        error: { message: "no handler for event type 'OrderEaten'; known: OrderPlaced, OrderPaid" },
      },
    ]);
    expect(others).toHaveLength(1);
  });

  it('refuses a wrong handler and unknown options at the call', async () => {
    await using bus = await createEventBus({ type: 'memory' }, { plugins: [memory] });
    await expect(orders.subscribe(bus, undefined as never)).rejects.toThrow('must be a function');
    await expect(orders.subscribe(bus, () => {}, { otherwise: 'drop' as never })).rejects.toThrow(
      'otherwise',
    );
    await expect(orders.subscribe(bus, () => {}, { gruop: 'x' } as never)).rejects.toThrow(
      "did you mean 'group'?",
    );
  });
});

it('is checked by the compiler', () => {
  type Event = Parameters<typeof orders.publish>[1];
  expectTypeOf<Event['eventType']>().toEqualTypeOf<'OrderPlaced' | 'OrderPaid'>();
  expectTypeOf(orders.handler(() => {})).toEqualTypeOf<EnvelopeHandler>();
  const bus = {} as never;
  const never = () => {
    // @ts-expect-error The payload is that of another event.
    void orders.publish(bus, { ...placed(1), payload: { method: 'card' } });
    // @ts-expect-error There is no such event.
    void orders.publish(bus, { ...placed(1), eventType: 'OrderEaten' });
    void orders.subscribe(bus, (event) => {
      // @ts-expect-error Not before its type is known.
      event.payload.method;
    });
  };
  expect(never).toBeTypeOf('function');
});
