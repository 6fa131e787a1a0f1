import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../envelope/codec.js';
import { createEnvelope } from '../envelope/envelope.js';
import { PermanentError } from '../errors.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import type { BusErrorEvent } from './error-event.js';

const event = createEnvelope({
  eventId: 'e-1',
  aggregateId: 'order-1',
  eventType: 'OrderPlaced',
  eventVersion: 1,
  payload: { total: 1 },
  correlationId: 'c-1',
  tenantId: 7,
  traceId: 't-1',
});
const value = Buffer.from(encodeEnvelope(event)).toString();
const ids = { topic: 'orders', group: 'shop', key: 'order-1', eventId: 'e-1', eventType: 'OrderPlaced' };
const allIds = { ...ids, aggregateId: 'order-1', correlationId: 'c-1', tenantId: 7, traceId: 't-1' };

async function failing(error: unknown, options: object, busOptions: object = {}) {
  const { bus, driver, logged } = await scriptedBus({}, busOptions);
  const errors: BusErrorEvent[] = [];
  bus.on('error', (told) => void errors.push(told));
  const handler = () => {
    throw error;
  };
  const subscription = await bus.subscribeEnvelope('orders', handler, { group: 'shop', ...options });
  driver.subscriptions[0]?.deliver({ value, token: 1 });
  await settle();
  const lines = () => logged.filter(({ level }) => level === 'warn' || level === 'error');
  return { bus, driver, subscription, lines, errors };
}

describe('what failures a subscription logs and tells', () => {
  it('an attempt that is tried again: warn, with ids, attempt and delay', async () => {
    const err = new TypeError('no total');
    const { lines, errors } = await failing(err, { retryBackoff: { jitter: false } });
    expect(lines()).toEqual([
      {
        level: 'warn',
        args: [
          expect.objectContaining({ ...ids, attempt: 1, delayMs: 1_000, err }),
          'handling a message failed; it is tried again after a pause',
        ],
      },
    ]);
    expect(errors).toMatchObject([
      { source: 'handler', ...allIds, attempt: 1, action: 'retry', error: err, errorMessage: 'no total' },
    ]);
    expect(errors[0]).toHaveProperty('message.topic', 'orders');
  });

  it('a dead letter: error, with where it went and how it comes back, once it is acknowledged', async () => {
    const err = new PermanentError('nope');
    const { lines, errors, driver } = await failing(err, {});
    expect(lines()).toEqual([]);
    driver.sends[0]?.ack();
    await settle();
    expect(lines()).toMatchObject([
      {
        level: 'error',
        args: [
          { ...ids, attempts: 1, deadLetterTopic: 'orders.dlq', err },
          expect.stringContaining('bus.deadLetters.redrive(topic)'),
        ],
      },
    ]);
    const [told] = errors.slice(-1);
    expect(told).toMatchObject({
      source: 'dead-letter',
      ...allIds,
      deadLetterTopic: 'orders.dlq',
      error: err,
    });
  });

  it('a discard: error', async () => {
    const err = new Error('no');
    const { lines, errors } = await failing(err, { maxRetries: 0, onExhausted: 'discard' });
    expect(lines()).toMatchObject([
      { level: 'error', args: [{ ...ids, attempt: 1, err }, expect.stringContaining('was discarded')] },
    ]);
    expect(errors).toMatchObject([{ source: 'handler', ...allIds, action: 'discard' }]);
  });

  it('a halt: error, with what to call', async () => {
    const err = new Error('no');
    const { lines, errors } = await failing(err, { maxRetries: 0, onExhausted: 'halt' });
    expect(lines()).toMatchObject([
      { level: 'error', args: [{ ...ids, err }, expect.stringMatching(/retryHalted\(key\).*skipHalted/)] },
    ]);
    expect(errors).toMatchObject([
      { source: 'handler', action: 'halt' },
      { source: 'halt', ...allIds, error: err },
    ]);
  });
});

describe('what else the bus notices is told to error listeners, too', () => {
  it('a dead letter that cannot be written', async () => {
    const { driver, errors, lines } = await failing(new PermanentError('nope'), {});
    driver.sends[0]?.fail(new Error('no room'));
    await settle();
    expect(errors.at(-1)).toMatchObject({ source: 'dead-letter-write', topic: 'orders', group: 'shop' });
    expect(lines()).toMatchObject([
      { level: 'error', args: [{ deadLetterTopic: 'orders.dlq' }, expect.stringContaining('could not')] },
    ]);
  });

  it('fetching, settling, and the end of a subscription', async () => {
    const { bus, driver, clock } = await scriptedBus();
    const errors: BusErrorEvent[] = [];
    bus.on('error', (told) => void errors.push(told));
    await bus.subscribe('orders', () => {}, { group: 'shop' });
    const [subscription] = driver.subscriptions;
    subscription?.sink.failed(new Error('fetch'));
    await settle();
    await clock.advance(1_000);
    Object.assign(subscription ?? {}, { settleError: new Error('settle') });
    subscription?.deliver({ value: 'a' });
    await settle();
    expect(errors).toMatchObject([
      {
        source: 'receive',
        topic: 'orders',
        group: 'shop',
        errorMessage: expect.stringMatching(/'orders'.*: fetch$/),
      },
      { source: 'settle', topic: 'orders', group: 'shop', errorMessage: expect.stringMatching(/: settle$/) },
    ]);
  });

  it('lost partitions, with a warning', async () => {
    const { bus, driver, logged } = await scriptedBus();
    const errors: BusErrorEvent[] = [];
    bus.on('error', (told) => void errors.push(told));
    await bus.subscribe('orders', () => {}, { group: 'shop' });
    driver.subscriptions[0]?.sink.assigned([0, 1]);
    driver.subscriptions[0]?.sink.unassigned([1]);
    expect(errors).toMatchObject([{ source: 'assignment', topic: 'orders', group: 'shop', partitions: [1] }]);
    expect(logged).toMatchObject([
      {
        level: 'warn',
        args: [{ partitions: [1], topic: 'orders', group: 'shop' }, expect.stringContaining('lost')],
      },
    ]);
  });

  it('partitions whose log is gone as such: no other member has them, and the driver has told why', async () => {
    const { bus, driver, logged } = await scriptedBus();
    const errors: BusErrorEvent[] = [];
    bus.on('error', (told) => void errors.push(told));
    await bus.subscribe('orders', () => {}, { group: 'shop' });
    driver.subscriptions[0]?.sink.assigned([1]);
    driver.subscriptions[0]?.sink.unassigned([1], 'the topic was made anew');
    expect(errors).toMatchObject([
      {
        source: 'assignment',
        partitions: [1],
        errorMessage: expect.stringContaining('the topic was made anew'),
      },
    ]);
    expect(logged).toEqual([]);
  });

  it('a listener that throws or rejects, but not one of its own', async () => {
    const { bus, logged } = await scriptedBus();
    const errors: BusErrorEvent[] = [];
    bus.on('error', (told) => {
      errors.push(told);
      throw new Error('in error');
    });
    bus.on('subscribed', () => Promise.reject(new Error('in subscribed')));
    await bus.subscribe('orders', () => {});
    await settle();
    expect(errors).toMatchObject([
      { source: 'listener', event: 'subscribed', errorMessage: 'in subscribed' },
    ]);
    expect(logged.map(({ args }) => args[0])).toMatchObject([{ event: 'subscribed' }, { event: 'error' }]);
  });

  it('a lost connection', async () => {
    const { bus, driver } = await scriptedBus();
    const errors: BusErrorEvent[] = [];
    bus.on('error', (told) => void errors.push(told));
    driver.host?.onState({ status: 'reconnecting', cause: new Error('nats://a:hunter2@b went away') });
    expect(errors).toMatchObject([
      { source: 'connection', status: 'reconnecting', errorMessage: 'nats://***@b went away' },
    ]);
  });
});

it('masks secrets in dead letters, lines and events; the redact option has the last word', async () => {
  const redact = (text: string) => text.replaceAll('4111111111111111', '<card>');
  const err = new PermanentError('postgres://app:hunter2@db refused card 4111111111111111');
  const { driver, errors, lines } = await failing(err, {}, { redact });
  const headers = driver.sends[0]?.record.headers ?? [];
  const expected = 'postgres://***@db refused card <card>';
  expect(headers.find(([name]) => name === 'X-Error-Message')?.[1]).toBe(expected);
  expect(errors[0]).toMatchObject({ error: err, errorMessage: expected });
  driver.sends[0]?.ack();
  await settle();
  expect(lines()).toMatchObject([{ args: [{ err: { message: expected } }, expect.any(String)] }]);
});

describe('context.logger', () => {
  const seen = async (logger: object) => {
    const { bus, driver } = await scriptedBus({}, { logger: logger as never });
    await bus.subscribeEnvelope(
      'orders',
      (_event, context) => {
        context.logger.info('plain');
        context.logger.warn({ n: 1, topic: 'mine' }, 'fields');
        context.logger.error(new Error('no'));
        expect(context.logger).toBe(context.logger);
      },
      { group: 'shop' },
    );
    driver.subscriptions[0]?.deliver({ value, key: 'order-1' });
    await settle();
  };
  const fields = {
    ...{ topic: 'orders', group: 'shop', attempt: 1 },
    ...{ key: 'order-1', eventId: 'e-1', traceId: 't-1' },
  };

  it('has topic, group, key, event id, attempt and trace id on each line', async () => {
    const lines: unknown[][] = [];
    const log = (...args: unknown[]) => void lines.push(args);
    await seen({ debug: log, info: log, warn: log, error: log });
    expect(lines).toEqual([
      [fields, 'plain'],
      [{ ...fields, n: 1, topic: 'mine' }, 'fields'],
      [{ ...fields, err: expect.any(Error) }],
    ]);
  });

  it('is a child of a logger that can have children', async () => {
    const lines: unknown[][] = [];
    const log = (...args: unknown[]) => void lines.push(args);
    const made: unknown[] = [];
    const child = (bindings: unknown) => {
      made.push(bindings);
      return { debug: log, info: log, warn: log, error: log };
    };
    await seen({ debug: log, info: log, warn: log, error: log, child });
    expect(made).toEqual([fields]);
    expect(lines).toHaveLength(3);
  });
});
