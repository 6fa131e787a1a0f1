import { createEventBus } from '@ebus/core';
import type { SubscriptionSpec } from '@ebus/core/driver';
import { afterEach, describe, expect, it } from 'vitest';
import { brokerFor } from './broker.js';
import { type MemoryConfig, memory, resetMemoryBroker } from './index.js';
import { MemoryDriver } from './memory-driver.js';
import { ALL, Mailbox, microtasks, record, settlements, testHost, texts } from './testing/harness.js';

const never = { signal: new AbortController().signal };
const atOnce = { signal: AbortSignal.abort() };

async function connected(config: MemoryConfig = {}): Promise<MemoryDriver> {
  const host = testHost();
  const driver = new MemoryDriver(brokerFor(config));
  await driver.connect(host);
  return driver;
}

const spec: SubscriptionSpec = {
  topic: 'orders',
  persistence: 'persistent',
  group: 'billing',
  durable: true,
  from: 'earliest',
  ordering: 'cluster',
};

async function joined(driver: MemoryDriver) {
  const mailbox = new Mailbox();
  const subscription = await driver.subscribe(spec, mailbox);
  return Object.assign(subscription, {
    receive: () => {
      const batch = mailbox.next();
      subscription.request(ALL);
      return batch;
    },
  });
}

afterEach(() => resetMemoryBroker('shared'));

describe('the memory driver', () => {
  it('carries a message unchanged', async () => {
    const driver = await connected();
    const headers = [
      ['X-A', '1'],
      ['X-A', Uint8Array.of(0xff)],
    ] as const;
    const sent = record('value', { key: 'k', headers, messageId: 'id-1' });
    expect(driver.send(sent)).toEqual({ topic: 'orders', position: { offset: 0 } });
    const [received] = await (await joined(driver)).receive();
    expect(received).toMatchObject({
      topic: 'orders',
      key: 'k',
      value: sent.value,
      headers,
      messageId: 'id-1',
      position: { offset: 0 },
      deliveryCount: 1,
      redelivered: false,
    });
  });

  it('declares what it does', async () => {
    const driver = await connected();
    expect(driver.capabilities('persistent')).toMatchObject({
      ordering: 'cluster',
      replay: true,
      dedupe: false,
    });
    expect(driver.capabilities('ephemeral')).toMatchObject({ redelivery: true, replay: false });
  });

  it('has no subscriptions by wildcard, as the real brokers have none', async () => {
    const bus = await createEventBus({ type: 'memory' }, { plugins: [memory] });
    for (const topic of ['orders.*', 'orders.>']) {
      const refused = await bus.subscribe(topic, () => {}).catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: 'TOPIC_NAME_INVALID',
        message: `invalid topic name '${topic}': wildcards ('*', '>') are not supported; subscribe to each topic by name`,
      });
    }
    await bus.close();
  });

  it('works only between connect and close', async () => {
    const driver = new MemoryDriver(brokerFor({}));
    await expect(driver.ping()).rejects.toThrow('not connected');
    await driver.connect(testHost());
    await driver.ping();
    await driver.close(never);
    await expect(driver.ping()).rejects.toThrow('the memory transport is closed');
    expect(() => driver.send(record())).toThrow('closed');
    await expect(joined(driver)).rejects.toThrow('closed');
  });

  it('shares a named broker, which outlives its buses', async () => {
    const [one, two] = [await connected({ broker: 'shared' }), await connected({ broker: 'shared' })];
    const subscription = await joined(two);
    await one.send(record('a'));
    expect(texts(await subscription.receive())).toEqual(['a']);
    await one.close(never);
    await two.close(never);
    const three = await connected({ broker: 'shared' });
    const again = await (await joined(three)).receive();
    expect(texts(again)).toEqual(['a']);
    expect(again[0]?.redelivered).toBe(true);
    expect(three.native.topics()[0]?.groups).toEqual([
      { name: 'billing', durable: true, members: 1, unsettled: 1 },
    ]);
  });

  it('pushes nothing more when it has closed', async () => {
    const [one, two] = [await connected({ broker: 'shared' }), await connected({ broker: 'shared' })];
    const subscription = await joined(one);
    let pushed = false;
    void subscription.receive().then(() => {
      pushed = true;
    });
    await one.close(never);
    await two.send(record('a'));
    await microtasks();
    expect(pushed).toBe(false);
  });

  it('classifies its own errors, and does not retry what it does not know', async () => {
    const driver = await connected();
    await driver.close(never);
    const error = await driver.ping().catch((reason: unknown) => reason);
    expect(driver.classify(error)).toEqual({ code: 'CONNECTION_FAILED', retryable: false });
    expect(driver.classify(new Error('?'))).toEqual({ code: 'PUBLISH_FAILED', retryable: false });
  });
});

describe('closing while sends wait for room', () => {
  async function full() {
    const [one, two] = await Promise.all([
      connected({ broker: 'shared', maxChannelSize: 1 }),
      connected({ broker: 'shared' }),
    ]);
    const subscription = await joined(two);
    await one.send(record('a'));
    return { one, subscription, waiting: one.send(record('b')) };
  }

  it('waits until they are written', async () => {
    const { one, subscription, waiting } = await full();
    let closed = false;
    const closing = one.close(never).then(() => {
      closed = true;
    });
    await microtasks();
    expect(closed).toBe(false);
    await subscription.settle(settlements(await subscription.receive()));
    await closing;
    expect(await waiting).toEqual({ topic: 'orders', position: { offset: 1 } });
  });

  it('gives them up when the signal aborts', async () => {
    const { one, subscription, waiting } = await full();
    const failed = expect(waiting).rejects.toMatchObject({ code: 'BUS_CLOSED', retryable: false });
    await one.close(atOnce);
    await failed;
    await subscription.settle(settlements(await subscription.receive()));
    expect((await subscription.lag?.(never))?.[0]?.lag).toBe(0);
  });
});
