/** `routeByEventType` and payload schemas. */
import assert from 'node:assert/strict';
import { type Envelope, routeByEventType } from '@ebus/core';
import type { Group } from '../suite.js';
import { event } from '../test-kit/events.js';

const of = (eventType: string, sequence: number) => ({ ...event('order-1', sequence), eventType });
type Numbered = Envelope<{ sequence: number }>;

/** A schema as any library would hand it over, written out by hand: checks, and turns the number into text. */
const numberedAsText = {
  '~standard': {
    version: 1 as const,
    vendor: 'conformance',
    validate: async (value: unknown) => {
      const { sequence } = (value ?? {}) as { sequence?: unknown };
      return typeof sequence === 'number'
        ? { value: { sequence: `number ${sequence}` } }
        : { issues: [{ message: 'must be a number', path: ['sequence'] }] };
    },
  },
};

/** Events reach the handler of their type; payloads are checked against their schema. */
export const routing: Group = ({ test }) => {
  test('events go to the handler of their type, others are ignored where that is said', async (t) => {
    const bus = await t.bus();
    const log: string[] = [];
    const subscription = await bus.subscribeEnvelope(
      t.topic,
      routeByEventType(
        {
          OrderCreated: ({ payload }: Numbered) => void log.push(`created ${payload.sequence}`),
          OrderPaid: async ({ payload }: Numbered, { attempt }) =>
            void log.push(`paid ${payload.sequence} ${attempt}`),
        },
        { otherwise: 'ignore' },
      ),
    );
    await bus.publishEnvelope(t.topic, of('OrderCreated', 1));
    await bus.publishEnvelope(t.topic, of('OrderShipped', 2));
    await bus.publishEnvelope(t.topic, of('OrderPaid', 3));
    await t.eventually(() => subscription.stats().handled === 3);
    assert.deepEqual(log, ['created 1', 'paid 3 1']);
  });

  test("otherwise: 'dead-letter' dead-letters unknown types without retry", async (t) => {
    const bus = await t.bus();
    const handled: string[] = [];
    const subscription = await bus.subscribeEnvelope(
      t.topic,
      routeByEventType(
        { OrderPaid: ({ eventType }) => void handled.push(eventType) },
        { otherwise: 'dead-letter' },
      ),
      { onExhausted: 'dead-letter' },
    );
    await bus.publishEnvelope(t.topic, of('OrderShipped', 1));
    await bus.publishEnvelope(t.topic, of('OrderPaid', 2));
    await t.eventually(() => handled.length === 1);
    assert.equal(subscription.stats().deadLettered, 1);
    assert.equal(subscription.stats().retried, 0);
    const [letter] = await t.deadLetters(bus);
    assert.equal(letter?.headers.get('X-Event-Type'), 'OrderShipped');
    assert.match(letter?.headers.get('X-Error-Message') ?? '', /OrderShipped/);
  });

  test('otherwise may be a handler', async (t) => {
    const bus = await t.bus();
    const log: string[] = [];
    const handlers = { OrderPaid: () => void log.push('paid') };
    const otherwise = ({ eventType }: Envelope) => void log.push(`otherwise ${eventType}`);
    await bus.subscribeEnvelope(t.topic, routeByEventType(handlers, { otherwise }));
    await bus.publishEnvelope(t.topic, of('OrderPaid', 1));
    await bus.publishEnvelope(t.topic, of('OrderShipped', 2));
    // A name that objects inherit is an event type like any other.
    await bus.publishEnvelope(t.topic, of('toString', 3));
    await t.eventually(() => log.length === 3);
    assert.deepEqual(log, ['paid', 'otherwise OrderShipped', 'otherwise toString']);
  });

  test('a handler of a route that fails is retried like any other', async (t) => {
    const bus = await t.bus();
    const attempts: number[] = [];
    const route = routeByEventType({
      OrderPaid: (_, { attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) throw new Error('again');
      },
    });
    await bus.subscribeEnvelope(t.topic, route);
    await bus.publishEnvelope(t.topic, of('OrderPaid', 1));
    await t.eventually(() => attempts.length === 2);
    assert.deepEqual(attempts, [1, 2]);
  });

  test('a schema checks the payload and gives it its type', async (t) => {
    const bus = await t.bus();
    const payloads: string[] = [];
    await bus.subscribeEnvelope(t.topic, ({ payload }) => void payloads.push(payload.sequence), {
      schema: numberedAsText,
    });
    await bus.publishEnvelope(t.topic, event('order-1', 1));
    await t.eventually(() => payloads.length === 1);
    assert.deepEqual(payloads, ['number 1']);
  });

  test('a payload that fails the schema is dead-lettered unhandled, and later ones are handled', async (t) => {
    const bus = await t.bus();
    const payloads: string[] = [];
    const subscription = await bus.subscribeEnvelope(
      t.topic,
      ({ payload }) => void payloads.push(payload.sequence),
      { schema: numberedAsText, onExhausted: 'dead-letter' },
    );
    await bus.publishEnvelope(t.topic, { ...event('order-1', 1), payload: { sequence: 'one' } });
    await bus.publishEnvelope(t.topic, event('order-1', 2));
    await t.eventually(() => payloads.length === 1);
    assert.deepEqual(payloads, ['number 2']);
    assert.equal(subscription.stats().retried, 0);
    const [letter] = await t.deadLetters(bus);
    assert.equal(letter?.headers.get('X-Attempts'), '1');
    assert.match(letter?.headers.get('X-Error-Message') ?? '', /sequence.*must be a number/);
  });
};
