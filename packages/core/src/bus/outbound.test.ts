import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
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
      messageId: 'e-1',
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
    await expect(bus.publish('orders', 'x', { timeout: 0 })).rejects.toThrow('timeout must be above 0');
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
  expect(logged.filter(({ level }) => level !== 'debug')).toEqual([]);
});
