import { createEventBus } from '@ebus/core';
import type { DriverV1, SubscriptionSpec } from '@ebus/core/driver';
import { afterEach, describe, expect, it } from 'vitest';
import { brokerFor } from './broker.js';
import { type BrokerView, type MemoryConfig, memory, resetMemoryBroker } from './index.js';
import { MemoryDriver } from './memory-driver.js';
import { ALL, microtasks, record, settlements, testHost, texts } from './testing/harness.js';

const never = { signal: new AbortController().signal };
const atOnce = { signal: AbortSignal.abort() };

async function connected(config: MemoryConfig = {}): Promise<DriverV1<BrokerView>> {
  const host = testHost();
  const driver: DriverV1<BrokerView> = new MemoryDriver(brokerFor(config));
  await driver.connect(host, never);
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

afterEach(() => resetMemoryBroker('shared'));

describe('the memory driver', () => {
  it('carries a message unchanged', async () => {
    const driver = await connected();
    const headers = [
      ['X-A', '1'],
      ['X-A', Uint8Array.of(0xff)],
    ] as const;
    const sent = record('value', { key: 'k', headers, messageId: 'id-1' });
    expect(driver.send(sent)).toEqual({ position: { offset: 0 } });
    const [received] = (await (await driver.subscribe(spec, never)).receive(ALL)) ?? [];
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
    const driver: DriverV1<BrokerView> = new MemoryDriver(brokerFor({}));
    await expect(driver.ping(never)).rejects.toThrow('not connected');
    await driver.connect(testHost(), never);
    await driver.ping(never);
    await driver.close(never);
    await expect(driver.ping(never)).rejects.toThrow('the memory transport is closed');
    expect(() => driver.send(record())).toThrow('closed');
    await expect(driver.subscribe(spec, never)).rejects.toThrow('closed');
  });

  it('shares a named broker, which outlives its buses', async () => {
    const [one, two] = [await connected({ broker: 'shared' }), await connected({ broker: 'shared' })];
    const subscription = await two.subscribe(spec, never);
    await one.send(record('a'));
    expect(texts(await subscription.receive(ALL))).toEqual(['a']);
    await one.close(never);
    await two.close(never);
    const three = await connected({ broker: 'shared' });
    const again = (await (await three.subscribe(spec, never)).receive(ALL)) ?? [];
    expect(texts(again)).toEqual(['a']);
    expect(again[0]?.redelivered).toBe(true);
    expect(three.native.topics()[0]?.groups).toEqual([
      { name: 'billing', durable: true, members: 1, unsettled: 1 },
    ]);
  });

  it('ends its subscriptions when it closes', async () => {
    const driver = await connected();
    const pending = (await driver.subscribe(spec, never)).receive(ALL);
    await driver.close(never);
    expect(await pending).toBeUndefined();
  });

  it('classifies its own errors, and does not retry what it does not know', async () => {
    const driver = await connected();
    await driver.close(never);
    const error = await driver.ping(never).catch((reason: unknown) => reason);
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
    const subscription = await two.subscribe(spec, never);
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
    subscription.settle(settlements((await subscription.receive(ALL))!));
    await closing;
    expect(await waiting).toEqual({ position: { offset: 1 } });
  });

  it('gives them up when the signal aborts', async () => {
    const { one, subscription, waiting } = await full();
    const failed = expect(waiting).rejects.toMatchObject({ code: 'BUS_CLOSED', retryable: false });
    await one.close(atOnce);
    await failed;
    subscription.settle(settlements((await subscription.receive(ALL))!));
    expect((await subscription.lag?.(never))?.[0]?.lag).toBe(0);
  });
});
