import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { InMemoryMetricsCollector } from '../metrics/in-memory.js';
import type { Message } from '../pipeline/message.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';

const event = { aggregateId: 'order-1', eventType: 'OrderCreated', eventVersion: 3, payload: { total: 1 } };

describe('what is sent', () => {
  it("carries the key and the fields of an envelope as headers, then the caller's own", async () => {
    const { bus, driver } = await scriptedBus();
    const all = { ...event, eventId: 'e-1', correlationId: 'c-1', tenantId: 7, traceId: 't-1' };
    void bus.publishEnvelope('orders', all, { headers: { shop: 'blue' } });
    const { key, messageId, headers, persistence } = driver.sends[0]!.record;
    expect({ key, messageId, persistence }).toEqual({
      key: 'order-1',
      messageId: 'orders:e-1',
      persistence: 'persistent',
    });
    expect(headers).toEqual([
      ['X-Event-ID', 'e-1'],
      ['X-Aggregate-ID', 'order-1'],
      ['X-Event-Version', '3'],
      ['X-Event-Type', 'OrderCreated'],
      ['X-Trace-ID', 't-1'],
      ['X-Correlation-ID', 'c-1'],
      ['X-Tenant-ID', '7'],
      ['shop', 'blue'],
    ]);
  });

  it("is held as bytes: the event's payload is let go of, and the caller's object stays as it is", async () => {
    const { bus, driver } = await scriptedBus();
    const mine = { ...event, payload: { total: 1 } };
    void bus.publishEnvelope('orders', mine);
    const record = driver.sends[0]!.record as unknown as { envelope: { payload: unknown } };
    expect(record.envelope.payload).toBeUndefined();
    expect(mine.payload).toEqual({ total: 1 });
  });

  it('takes an empty key as none', async () => {
    const { bus, driver } = await scriptedBus();
    void bus.publish('orders', 'x', { key: '' });
    expect(driver.sends[0]!.record.key).toBeUndefined();
  });

  it('is refused above the size that the broker takes, before it is sent', async () => {
    const { bus, driver } = await scriptedBus();
    driver.capability = { maxMessageBytes: 10 };
    await expect(bus.publish('orders', 'x'.repeat(11))).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
    expect(driver.sends).toHaveLength(0);
  });
});

describe('ids by which brokers deduplicate', () => {
  it('name the topic, and no two topics and ids make the same', async () => {
    const { bus, driver } = await scriptedBus();
    const sent: [topic: string, id: string][] = [
      ['a', 'b:c'],
      ['a:b', 'c'],
      ['a%3Ab', 'c'],
      ['a', 'c'],
    ];
    for (const [topic, messageId] of sent) void bus.publish(topic, 'x', { messageId });
    const ids = driver.sends.map(({ record }) => record.messageId);
    expect(new Set(ids).size).toBe(4);
    expect(ids.at(-1)).toBe('a:c');
  });

  it('are left out where none is given, or an empty one', async () => {
    const { bus, driver } = await scriptedBus();
    void bus.publish('orders', 'x');
    void bus.publish('orders', 'x', { messageId: '' });
    expect(driver.sends.map(({ record }) => record.messageId)).toEqual([undefined, undefined]);
  });

  it('come back as they were given', async () => {
    const { bus, driver } = await scriptedBus();
    const seen: unknown[] = [];
    await bus.subscribe('a:b', ({ messageId }) => void seen.push(messageId));
    driver.subscriptions[0]?.deliver(
      { value: '1', messageId: 'a%3Ab:m-1' },
      { value: '2', messageId: 'of another producer' },
      { value: '3' },
    );
    await settle();
    expect(seen).toEqual(['m-1', 'of another producer', undefined]);
  });

  it('that the broker knew before they were sent are told: receipt, event, metric', async () => {
    const metrics = new InMemoryMetricsCollector();
    const { bus, driver } = await scriptedBus({}, { metrics });
    const told: unknown[] = [];
    bus.on('published', ({ duplicate }) => void told.push(duplicate));
    const first = bus.publish('orders', 'x', { messageId: '1' });
    const second = bus.publish('orders', 'x', { messageId: '1' });
    driver.sends[0]?.ack({});
    driver.sends[1]?.ack({ duplicate: true });
    expect([(await first).duplicate, (await second).duplicate]).toEqual([undefined, true]);
    expect(told).toEqual([false, true]);
    expect(metrics.get('duplicates', 'orders')).toBe(1);
  });
});

describe('reserved headers', () => {
  const names = [
    'X-Redrive-Group',
    'x-redrive-group',
    'X-Original-Topic',
    'X-Original-Anything',
    'X-Consumer-Group',
    'X-Error-Message',
    'X-ATTEMPTS',
    'X-Ebus-Encoded',
    'Nats-Msg-Id',
    'nats-rollup',
  ];

  it.each(names)('such as %s are refused from applications', async (name) => {
    const { bus, driver } = await scriptedBus();
    const refused = { code: 'INVALID_ARGUMENT', message: expect.stringContaining(`'${name}' is reserved`) };
    for (const headers of [{ [name]: '1' }, [[name, '1']] as const, new Map([[name, '1']])]) {
      await expect(bus.publish('orders', 'x', { headers })).rejects.toMatchObject(refused);
      await expect(bus.publishEnvelope('orders', event, { headers })).rejects.toMatchObject(refused);
    }
    expect(driver.sends).toHaveLength(0);
  });

  it.each(['X-Timestamp', 'X-Attempt', 'X-Originally', 'x-error', 'NatsMsgId', 'X-Trace-ID'])(
    'are not such as %s',
    async (name) => {
      const { bus, driver } = await scriptedBus();
      void bus.publish('orders', 'x', { headers: { [name]: '1' } });
      expect(driver.sends[0]?.record.headers).toEqual([[name, '1']]);
    },
  );

  it('are refused from publish middleware, before anything is sent', async () => {
    const { bus, driver } = await scriptedBus();
    bus.use({
      publish: (record, next) => {
        record.headers = [...record.headers, ['nats-msg-id', 'forged']];
        return next();
      },
    });
    await expect(bus.publish('orders', 'x')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining("'nats-msg-id' is reserved"),
    });
    expect(driver.sends).toHaveLength(0);
  });

  it('are left out where the headers of a received message are passed on', async () => {
    const { bus, driver } = await scriptedBus();
    const forward = ({ headers }: Message) => {
      void bus.publish('copies', 'as object', { headers });
      void bus.publish('copies', 'as list', { headers: headers.toList() });
      void bus.publishEnvelope('copies', { ...event, eventId: 'e-2' }, { headers });
    };
    await bus.subscribe('orders', forward, { redrives: 'ignore' });
    const own = ['a', '1'] as const;
    const headers = [['X-Redrive-Group', 'g'], own, ...names.map((name) => [name, 'x'] as const)] as const;
    driver.subscriptions[0]?.deliver({ value: 'm', headers: [...headers, ['X-Event-ID', 'e-1']] });
    await settle();
    const sent = driver.sends.map(({ record }) => record.headers);
    expect(sent.slice(0, 2)).toEqual([
      [own, ['X-Event-ID', 'e-1'], ['X-Correlation-ID', 'e-1']],
      [own, ['X-Event-ID', 'e-1'], ['X-Correlation-ID', 'e-1']],
    ]);
    expect(sent[2]?.filter(([name]) => name === 'X-Event-ID')).toEqual([['X-Event-ID', 'e-2']]);
    expect(sent[2]?.at(-1)).toEqual(own);
  });
});

describe('options', () => {
  it('that do not exist, or not for envelopes, are refused', async () => {
    const { bus } = await scriptedBus();
    await expect(bus.publish('orders', 'x', { timout: 5 } as object)).rejects.toThrow(
      "did you mean 'timeout'?",
    );
    await expect(bus.publishEnvelope('orders', event, { key: 'k' } as object)).rejects.toThrow(
      "unknown option 'key'",
    );
    await expect(bus.subscribe('orders', () => {}, { groupp: 'g' } as object)).rejects.toThrow(
      "did you mean 'group'?",
    );
    expect(() => bus.on('dead-lettered' as 'deadLettered', () => {})).toThrow('there is no event');
  });

  it('that cannot be are refused, saying what is allowed', async () => {
    const { bus } = await scriptedBus();
    await expect(bus.publish('orders', 'x', { timeout: 0 })).rejects.toThrow(
      'timeout must be a duration above 0',
    );
    await expect(bus.publish('orders', 'x', { retries: -1 })).rejects.toThrow('at least 0');
    await expect(bus.publish('orders', 'x', { headers: { a: 1 as never } })).rejects.toThrow("header 'a'");
    const refused = {
      concurrency: 0,
      maxRetries: 1.5,
      processingTimeout: 0,
      group: ' ',
      from: 'now',
      onExhausted: 'x',
    };
    for (const [option, value] of Object.entries(refused)) {
      await expect(bus.subscribeEnvelope('orders', () => {}, { [option]: value })).rejects.toThrow(option);
    }
    await expect(bus.subscribe('orders', () => {}, { ordering: 'instance' })).rejects.toThrow(
      'needs subscribeEnvelope',
    );
    await expect(bus.subscribe('orders', 'x' as never)).rejects.toThrow('needs a function');
  });
});

it('lets go of the signal of a subscription that is closed', async () => {
  const { bus } = await scriptedBus();
  const controller = new AbortController();
  const subscription = await bus.subscribe('orders', () => {}, { signal: controller.signal });
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  await subscription.close();
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});

it('closes a subscription when its signal aborts', async () => {
  const { bus, driver } = await scriptedBus();
  const controller = new AbortController();
  await bus.subscribe('orders', () => {}, { signal: controller.signal });
  controller.abort();
  await settle();
  expect(driver.subscriptions[0]?.closed).toBe(true);
  await bus.subscribe('orders', () => {});
});

it('does not complain about a dead-letter topic that exists already', async () => {
  const { bus, driver, logged } = await scriptedBus();
  const described: string[] = [];
  driver.admin = {
    supports: new Set(['persistence', 'retentionMs']),
    describe: async (name) => {
      described.push(name);
      return { name, persistence: 'persistent' };
    },
    create: () => Promise.reject(new Error('it exists')),
    alter: () => Promise.reject(new Error('it is not ours to change')),
  };
  const fail = () => {
    throw new Error('no');
  };
  await bus.subscribe('orders', fail, { maxRetries: 0 });
  driver.subscriptions[0]?.deliver({ value: 'a' }, { value: 'b' });
  await settle();
  for (const send of driver.sends) send.ack();
  await settle();
  expect(driver.sends.map(({ record }) => record.topic)).toEqual(['orders.dlq', 'orders.dlq']);
  expect(described).toEqual(['orders.dlq']);
  const said = logged.filter(({ level }) => level !== 'debug').map(({ args }) => String(args[1]));
  expect(said.filter((text) => !text.includes('was dead-lettered'))).toEqual([]);
});
