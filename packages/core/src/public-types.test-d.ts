/** What the compiler accepts and refuses of what applications write. */
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type {
  Envelope,
  EnvelopeHandler,
  EventBus,
  HandlerContext,
  HeaderList,
  JsonObject,
  MessageHandler,
} from './index.js';
import { createEnvelope, EbusError, PublishError, routeByEventType } from './index.js';

declare const bus: EventBus;
declare const repository: { save(order: unknown): Promise<{ id: number }> };

interface Order {
  id: string;
  lines: { product: string; quantity: number }[];
  note?: string;
  placedAt: Date;
}
declare const order: Order;

describe('handlers', () => {
  it('may return anything', () => {
    void bus.subscribeEnvelope('t', async (event) => repository.save(event.payload));
    void bus.subscribeEnvelope('t', (event) => event.eventId.length);
    void bus.subscribe('t', async (message) => message.text());
    expectTypeOf<
      (envelope: Envelope, context: HandlerContext) => Promise<number>
    >().toExtend<EnvelopeHandler>();
    expectTypeOf<() => boolean>().toExtend<MessageHandler>();
  });

  it('get the type that the schema makes', () => {
    void bus.subscribeEnvelope(
      't',
      ({ payload }) => expectTypeOf(payload).toEqualTypeOf<{ total: number }>(),
      {
        schema: z.object({ total: z.number() }),
        laneBy: 'key',
      },
    );
    void bus.subscribeEnvelope<Order>('t', ({ payload }) => expectTypeOf(payload).toEqualTypeOf<Order>());
  });

  it('get the documented context, and nothing of the attempt behind it', () => {
    void bus.subscribe('t', (_message, context) => {
      expectTypeOf(context).toEqualTypeOf<HandlerContext>();
      // @ts-expect-error It is internal.
      context.delivery;
    });
  });
});

describe('routeByEventType', () => {
  it('infers the payload of each type from its schema', () => {
    const route = routeByEventType({
      OrderPlaced: {
        schema: z.object({ total: z.number() }),
        handler: ({ payload }) => expectTypeOf(payload).toEqualTypeOf<{ total: number }>(),
      },
      OrderPaid: {
        schema: z.object({ by: z.string() }),
        handler: async ({ payload }, context) => {
          expectTypeOf(payload).toEqualTypeOf<{ by: string }>();
          expectTypeOf(context).toEqualTypeOf<HandlerContext>();
          return repository.save(payload);
        },
      },
      OrderSent: ({ payload }: Envelope<Order>) => payload.id,
      OrderGone: ({ payload }) => expectTypeOf(payload).toBeUnknown(),
    });
    void bus.subscribeEnvelope('t', route);
  });

  it('takes no other kinds of handlers', () => {
    // @ts-expect-error A name is no handler.
    routeByEventType({ OrderPlaced: 'save' });
    // @ts-expect-error It has no handler.
    routeByEventType({ OrderPlaced: { schema: z.object({}) } });
  });
});

describe('publish', () => {
  it('takes bytes, text, and whatever JSON can carry', () => {
    void bus.publish('t', new Uint8Array());
    void bus.publish('t', Buffer.from('x'));
    void bus.publish('t', 'text');
    void bus.publish('t', order);
    void bus.publish('t', [order, order]);
    void bus.publish('t', {
      order,
      tags: ['a'] as const,
      nothing: null,
      maybe: undefined,
      to: new URL('http://x'),
    });
    void bus.publish('t', {} as Record<string, unknown>);
    void bus.publish('t', {} as JsonObject, { key: 'k' });
    void bus.publish('t', {} as string | Uint8Array);
    void bus.publish('t', { name: 'x', message: 'y' });
  });

  it('refuses what JSON cannot carry, as far as a type tells', () => {
    // @ts-expect-error A bigint.
    void bus.publish('t', { id: 1n });
    // @ts-expect-error A function.
    void bus.publish('t', { run: () => 1 });
    // @ts-expect-error A symbol.
    void bus.publish('t', { deep: { s: Symbol('x') } });
    // @ts-expect-error A Map.
    void bus.publish('t', { list: [{ map: new Map<string, number>() }] });
    // @ts-expect-error A Set itself.
    void bus.publish('t', new Set<string>());
    // @ts-expect-error Bytes within an object.
    void bus.publish('t', { data: Buffer.from('x') });
    // @ts-expect-error A promise.
    void bus.publish('t', { order: Promise.resolve(1) });
    // @ts-expect-error A function itself.
    void bus.publish('t', () => 1);
    // @ts-expect-error Neither text nor an object.
    void bus.publish('t', 42);
    // @ts-expect-error Nothing.
    void bus.publish('t', undefined);
  });

  it('refuses an envelope', () => {
    const input = { aggregateId: 'a', eventType: 'T', eventVersion: 1, payload: 1 };
    // @ts-expect-error Use publishEnvelope.
    void bus.publish('t', createEnvelope(input));
    // @ts-expect-error Use publishEnvelope.
    void bus.publish('t', input);
    void bus.publishEnvelope('t', input);
  });
});

describe('errors and headers', () => {
  it('are exported with their types', () => {
    expectTypeOf<HeaderList>().toEqualTypeOf<
      readonly (readonly [name: string, value: string | Uint8Array])[]
    >();
    const thrown: unknown = undefined;
    if (PublishError.isInstance(thrown)) expectTypeOf(thrown).toEqualTypeOf<PublishError>();
    expectTypeOf(EbusError.from(thrown)).toEqualTypeOf<EbusError>();
  });
});
