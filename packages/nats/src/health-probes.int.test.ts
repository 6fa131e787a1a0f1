/** Probes over a real server: exchanged with clients that know nothing of ebus, and nothing of them is left behind. */
import type { EventBus, HealthAlert } from '@ebus/core';
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { streamName } from './names.js';
import {
  type BusSettings,
  Cleanup,
  consumersOf,
  eventually,
  natsBus,
  plainClient,
} from './testing/harness.js';

const TOPIC = 'jxt-core-nats-health-check';
const cleanup = new Cleanup();

const PROBING = {
  publisher: { interval: '100ms', timeout: '5s' },
  subscriber: { monitorInterval: '50ms' },
} as const;

/** As jxt-core's services write them: Go's nanoseconds and offset. */
const foreignProbe = (overrides: object = {}) => {
  const now = new Date(Date.now() + 7_200_000).toISOString().replace('Z', '123456+02:00');
  return JSON.stringify({
    messageId: `hc-${BigInt(Date.now()) * 1_000_000n + 321n}-0123456789abcdef`,
    timestamp: now,
    source: 'go-orders',
    eventBusType: 'nats',
    version: '2.0.0',
    metadata: { checkType: 'periodic', instanceId: `go-orders-${Math.floor(Date.now() / 1_000)}` },
    ...overrides,
  });
};

describe.each([
  ['current', true],
  ['2.9', true],
  ['current', false],
] as const)('health probes on a %s server, JetStream: %s', (version, jetstream) => {
  let server: Service;
  beforeAll(async () => {
    server = await startService('nats', { own: true, version, jetstream });
  });
  afterEach(() => cleanup.run());
  afterAll(() => server.close());

  const start = async (settings: BusSettings = {}, enabled = true): Promise<EventBus> => {
    const { common } = settings;
    const healthCheck = { enabled, ...PROBING, ...common?.healthCheck };
    const options = { ...settings, common: { ...common, healthCheck } };
    if (!jetstream) Object.assign(options, { nats: { jetstream: { enabled: false } } });
    return cleanup.add(await natsBus(server.addresses, options), (one) => one.close({ timeout: '1s' }));
  };

  it('are acknowledged, received by all instances, and leave no consumer behind', async () => {
    const plain = cleanup.add(await plainClient(server.addresses), ({ connection }) => connection.close());
    const bus = await start({ service: 'orders' });
    const other = await start({ service: 'billing' });
    for (const one of [bus, other]) {
      await eventually(() => one.health.publisher.status().lastSuccessAt !== undefined);
      await eventually(() => one.health.subscriber.stats().received > 2);
    }
    const sources = new Set<string | undefined>();
    await eventually(() => sources.add(bus.health.subscriber.stats().lastSource).size === 2);
    expect([...sources].sort()).toEqual(['billing', 'orders']);
    const consumers = async () => (jetstream ? (await consumersOf(plain, streamName(TOPIC))).length : 0);
    expect(await consumers()).toBe(jetstream ? 2 : 0);
    await bus.health.subscriber.stop();
    expect(await consumers()).toBe(jetstream ? 1 : 0);
    await bus.health.subscriber.start();
    await eventually(() => bus.health.subscriber.stats().received > 0);
    await bus.close();
    await other.close();
    expect(await consumers()).toBe(0);
  });

  it('are exchanged with plain clients in both directions; what does not count is said', async () => {
    const { connection } = cleanup.add(await plainClient(server.addresses), (one) => one.connection.close());
    const bus = await start({ service: 'orders' }, false);
    await bus.health.subscriber.start();
    connection.publish(TOPIC, foreignProbe());
    await eventually(() => bus.health.subscriber.stats().received === 1);
    expect(bus.health.subscriber.stats().lastSource).toBe('go-orders');
    connection.publish(TOPIC, foreignProbe({ eventBusType: 'kafka' }));
    connection.publish(TOPIC, foreignProbe({ timestamp: new Date(Date.now() - 301_000).toISOString() }));
    connection.publish(TOPIC, foreignProbe({ timestamp: new Date(Date.now() + 90_000).toISOString() }));
    connection.publish(TOPIC, foreignProbe({ version: undefined }));
    connection.publish(TOPIC, 'not JSON');
    const rejected = { foreign: 1, expired: 1, future: 1, malformed: 2 };
    await eventually(() => expect(bus.health.subscriber.stats().rejected).toEqual(rejected));
    expect(bus.health.subscriber.stats().received).toBe(1);

    const seen: string[] = [];
    connection.subscribe(TOPIC, { callback: (_, message) => void seen.push(message.string()) });
    await connection.flush();
    await bus.health.publisher.start();
    await eventually(() => seen.length > 0);
    const probe = JSON.parse(seen[0] as string);
    expect(Object.keys(probe)).toEqual([
      'messageId',
      'timestamp',
      'source',
      'eventBusType',
      'version',
      'metadata',
    ]);
    expect(probe).toMatchObject({ source: 'orders', eventBusType: 'nats', version: '2.0.0' });
    expect(probe.messageId).toMatch(/^hc-\d{19}-[0-9a-f]{16}$/);
    expect(probe.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    expect(probe.metadata).toEqual({
      checkType: 'periodic',
      instanceId: expect.stringMatching(/^orders-\d{10}$/),
    });
  });

  it('that stay away are told from a server that does, and recover', async () => {
    const bus = await start();
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
    await server.stop();
    const lost = ['warning connection_lost', 'error connection_lost', 'critical connection_lost'];
    await eventually(() => told().at(-1) === lost.at(-1));
    expect(told().slice(-3)).toEqual(lost);
    expect((await bus.health.report()).ready).toBe(false);
    await server.restart();
    await eventually(() => told().at(-1) === 'recovered connection_lost');
    await eventually(async () => (await bus.health.report()).ready);
  }, 30_000);
});
