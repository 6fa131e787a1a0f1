/** Probes over a real broker: exchanged with clients that know nothing of ebus, and nothing of them is left behind. */
import type { EventBus, HealthAlert } from '@ebus/core';
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type BusSettings,
  Cleanup,
  eventually,
  kafkaBus,
  plainAdmin,
  plainKafka,
} from './testing/harness.js';

const TOPIC = 'jxt-core-kafka-health-check';
const cleanup = new Cleanup();
let broker: Service;
beforeAll(async () => {
  broker = await startService('kafka', { own: true });
});
afterEach(() => cleanup.run());
afterAll(() => broker.close());

const PROBING = {
  publisher: { interval: '100ms', timeout: '5s' },
  subscriber: { monitorInterval: '50ms' },
} as const;

const start = async (settings: BusSettings = {}, enabled = true): Promise<EventBus> => {
  const { common } = settings;
  const healthCheck = { enabled, ...PROBING, ...common?.healthCheck };
  return cleanup.add(
    await kafkaBus(broker.addresses, { ...settings, common: { ...common, healthCheck } }),
    (one) => one.close({ timeout: '1s' }),
  );
};

/** As jxt-core's services write them: Go's nanoseconds and offset. */
const foreignProbe = (overrides: object = {}) => {
  const now = new Date(Date.now() + 7_200_000).toISOString().replace('Z', '123456+02:00');
  return JSON.stringify({
    messageId: `hc-${BigInt(Date.now()) * 1_000_000n + 321n}-0123456789abcdef`,
    timestamp: now,
    source: 'go-orders',
    eventBusType: 'kafka',
    version: '2.0.0',
    metadata: { checkType: 'periodic', instanceId: `go-orders-${Math.floor(Date.now() / 1_000)}` },
    ...overrides,
  });
};

describe('health probes', () => {
  it('are acknowledged, and received without joining a group', async () => {
    const admin = cleanup.add(await plainAdmin(broker.addresses), (one) => one.disconnect());
    const groups = async () => (await admin.listGroups()).groups.map(({ groupId }) => groupId).sort();
    const before = await groups();
    const bus = await start({ service: 'orders' });
    const other = await start({ service: 'billing' });
    const began = performance.now();
    for (const one of [bus, other]) {
      await eventually(() => one.health.publisher.status().lastSuccessAt !== undefined);
      await eventually(() => one.health.subscriber.stats().received > 2);
    }
    // Both see both.
    const sources = new Set<string | undefined>();
    await eventually(() => sources.add(bus.health.subscriber.stats().lastSource).size === 2);
    expect([...sources].sort()).toEqual(['billing', 'orders']);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(await groups()).toEqual(before);
    await bus.health.subscriber.stop();
    // And again, from now on.
    await bus.health.subscriber.start();
    await eventually(() => bus.health.subscriber.stats().received > 0);
    expect((await bus.health.report()).checks.map(({ name, status }) => [name, status])).toContainEqual([
      'subscriber',
      'healthy',
    ]);
    await bus.close();
    await other.close();
    expect(await groups()).toEqual(before);
  }, 40_000);

  it('begin at the end of the log at once, whatever is in it', async () => {
    const producer = plainKafka(broker.addresses).producer();
    await producer.connect();
    cleanup.add(producer, (one) => one.disconnect());
    const old = { value: foreignProbe({ source: 'from-before' }) };
    await producer.send({ topic: TOPIC, messages: Array.from({ length: 50 }, () => old) });
    const bus = await start({}, false);
    const began = performance.now();
    await bus.health.subscriber.start();
    expect(performance.now() - began).toBeLessThan(2_000);
    await producer.send({ topic: TOPIC, messages: [{ value: foreignProbe({ source: 'from-now' }) }] });
    await eventually(() => bus.health.subscriber.stats().received > 0);
    expect(bus.health.subscriber.stats()).toMatchObject({ received: 1, lastSource: 'from-now' });
  }, 40_000);

  it('are exchanged with plain clients in both directions; what does not count is said', async () => {
    const plain = plainKafka(broker.addresses);
    const producer = plain.producer();
    await producer.connect();
    cleanup.add(producer, (one) => one.disconnect());
    const bus = await start({ service: 'orders' }, false);
    await bus.health.subscriber.start();
    const send = (value: string) => producer.send({ topic: TOPIC, messages: [{ value }] });
    await send(foreignProbe());
    await eventually(() => bus.health.subscriber.stats().received === 1);
    expect(bus.health.subscriber.stats().lastSource).toBe('go-orders');
    await send(foreignProbe({ eventBusType: 'nats' }));
    await send(foreignProbe({ timestamp: new Date(Date.now() - 301_000).toISOString() }));
    await send(foreignProbe({ timestamp: new Date(Date.now() + 90_000).toISOString() }));
    await send(foreignProbe({ version: undefined }));
    await send('not JSON');
    const rejected = { foreign: 1, expired: 1, future: 1, malformed: 2 };
    await eventually(() => expect(bus.health.subscriber.stats().rejected).toEqual(rejected));
    expect(bus.health.subscriber.stats().received).toBe(1);

    const consumer = plain.consumer({ groupId: 'go-service' });
    await consumer.connect();
    cleanup.add(consumer, (one) => one.disconnect());
    const seen: string[] = [];
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
    await bus.health.publisher.start();
    const mine = () => seen.find((text) => text.includes('"source":"orders"'));
    await eventually(() => mine() !== undefined);
    const probe = JSON.parse(mine() as string);
    expect(Object.keys(probe)).toEqual([
      'messageId',
      'timestamp',
      'source',
      'eventBusType',
      'version',
      'metadata',
    ]);
    expect(probe).toMatchObject({ source: 'orders', eventBusType: 'kafka', version: '2.0.0' });
    expect(probe.messageId).toMatch(/^hc-\d{19}-[0-9a-f]{16}$/);
    expect(probe.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    expect(probe.metadata).toEqual({
      checkType: 'periodic',
      instanceId: expect.stringMatching(/^orders-\d{10}$/),
    });
  }, 40_000);

  it('that stay away are told from a broker that does, and recover', async () => {
    const healthCheck = { subscriber: { ...PROBING.subscriber, warningThreshold: 3 } };
    const bus = await start({ common: { healthCheck } });
    const alerts: HealthAlert[] = [];
    bus.on('healthAlert', (alert) => void alerts.push(alert));
    const told = () => alerts.map(({ severity, alertType }) => `${severity} ${alertType}`);
    await eventually(() => bus.health.subscriber.stats().received > 0);
    await bus.health.publisher.stop();
    await eventually(() => told().at(-1) === 'critical no_messages');
    // Before these, a busy machine may have been late with a probe.
    expect(told().slice(-3)).toEqual(['warning no_messages', 'error no_messages', 'critical no_messages']);
    await bus.health.publisher.start();
    await eventually(() => told().at(-1) === 'recovered no_messages');
    await broker.stop();
    const lost = ['warning connection_lost', 'error connection_lost', 'critical connection_lost'];
    await eventually(() => told().at(-1) === lost.at(-1));
    // On a busy machine the missing probes may be noticed before the connection is.
    expect(told().slice(-2)).toEqual(lost.slice(1));
    expect((await bus.health.report()).ready).toBe(false);
    await broker.restart();
    await eventually(() => told().at(-1) === 'recovered connection_lost');
    await eventually(async () => (await bus.health.report()).ready);
  }, 60_000);
});
