import { describe, expect, it } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import { SpanAttributes } from './span-attributes.js';

const made = (system: string, more: Partial<ConstructorParameters<typeof SpanAttributes>[0]> = {}) =>
  new SpanAttributes({
    system,
    clientId: 'shop-1',
    server: () => ({ address: 'broker', port: 9092 }),
    formerNames: false,
    ...more,
  });

const message = (more: Partial<IncomingMessage> = {}) =>
  ({ topic: 'orders', key: 'order-7', value: Buffer.from('abc'), headers: [], ...more }) as IncomingMessage;

const info = { group: 'billing', attempt: 2 } as Parameters<SpanAttributes['process']>[1];

it('name operation, destination, client and server', () => {
  expect(made('nats').batch('orders')).toEqual({
    'messaging.system.name': 'nats',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders',
    'messaging.client.id': 'shop-1',
    'server.address': 'broker',
    'server.port': 9092,
  });
});

it('leave out what is not known', () => {
  const attributes = made('memory', { clientId: undefined, server: () => undefined }).batch('orders');
  expect(Object.keys(attributes).filter((name) => /client|server/.test(name))).toEqual([]);
  expect(made('nats', { server: () => ({ address: 'broker' }) }).batch('orders')).not.toHaveProperty(
    'server.port',
  );
});

describe('on Kafka', () => {
  it('key, offset and tombstone have the names of its conventions', () => {
    const position = { partition: 3, offset: 42n };
    const attributes = made('kafka').process(message({ position, tombstone: true }), info);
    expect(attributes).toMatchObject({ 'messaging.destination.partition.id': '3' });
    const named = Object.entries(attributes).filter(([name]) => name.startsWith('kafka.'));
    expect(Object.fromEntries(named)).toMatchObject({
      'kafka.message.key': 'order-7',
      'kafka.offset': 42,
      'kafka.message.tombstone': true,
    });
  });

  it('an offset that a number cannot hold is text', () => {
    const position = { partition: 0, offset: 2n ** 60n };
    expect(made('kafka').receipt({ position }, 1)).toMatchObject({
      'kafka.offset': String(2n ** 60n),
    });
  });
});

it('with former names, renamed attributes have both', () => {
  const attributes = made('kafka', { formerNames: true }).process(
    message({ position: { offset: 1n } }),
    info,
  );
  expect(attributes).toMatchObject({
    'messaging.system': 'kafka',
    'messaging.kafka.offset': 1,
    'kafka.offset': 1,
  });
});

it('on other brokers these have names of our own', () => {
  const attributes = made('nats').process(message({ position: { offset: 42n }, tombstone: true }), info);
  expect(Object.keys(attributes).filter((name) => name.includes('kafka'))).toEqual([]);
  expect(Object.keys(attributes).filter((name) => name.startsWith('ebus.')).length).toBeGreaterThanOrEqual(4);
});

it('a key of bytes is left out: it has no form that others would recognise', () => {
  const attributes = made('kafka').process(message({ key: Buffer.from([0xff]) as never }), info);
  expect(Object.keys(attributes).filter((name) => name.endsWith('key'))).toEqual([]);
});

it('a receipt tells attempts and duplicates where there were any', () => {
  expect(made('nats').receipt({}, 1)).toEqual({});
  const names = Object.keys(made('nats').receipt({ duplicate: true }, 3));
  expect(names.length).toBe(2);
});

it('settling one message is no batch', () => {
  expect(made('nats').settle('orders', 'billing', 1)).not.toHaveProperty('messaging.batch.message_count');
  expect(made('nats').settle('orders', 'billing', 5)).toMatchObject({ 'messaging.batch.message_count': 5 });
});
