/** Brokers that go away for long, that fail without saying so, and clients that give up: all come back by themselves. */
import { type Service, startService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import { TcpProxy } from '../../conformance/src/test-kit/tcp-proxy.js';
import { kafka } from './index.js';
import {
  type BusSettings,
  Cleanup,
  event,
  eventually,
  History,
  kafkaBus,
  plainAdmin,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** An outage of minutes in seconds: the threshold of failing probes is passed again and again. */
const PROBING = {
  publisher: { initialBackoff: '20ms', maxBackoff: '200ms' },
  healthCheck: {
    enabled: true,
    publisher: { interval: '150ms', timeout: '400ms', failureThreshold: 2 },
  },
} as const;

/** Members learn by a heartbeat of each other, and a fetch that is under way ends before anything else does. */
const QUICK = { heartbeatInterval: '200ms', fetchMaxWait: '50ms' } as const;

/** A bus that handles what is published to it, and counts its probes. */
async function probed(brokers: readonly string[], settings: BusSettings = {}) {
  const logged: string[] = [];
  const log = (...args: unknown[]) => void logged.push(String(args.at(-1)));
  const logger = { debug() {}, info() {}, warn: log, error: log };
  const topic = uniqueName('topic');
  const service = uniqueName('service');
  const bus = cleanup.add(
    await kafkaBus(brokers, {
      service,
      logger,
      ...settings,
      kafka: { ...settings.kafka, consumer: { ...QUICK, ...settings.kafka?.consumer } },
      common: { ...PROBING, topics: { [topic]: {} }, ...settings.common },
    }),
    (one) => one.close({ timeout: '1s' }),
  );
  const history = new History();
  await bus.subscribeEnvelope<{ sequence: number }>(topic, ({ aggregateId, payload }) =>
    history.handle(aggregateId, payload.sequence),
  );
  const probes = { failed: 0, acknowledged: 0 };
  bus.on('healthCheck', ({ healthy }) => void probes[healthy ? 'acknowledged' : 'failed']++);
  let sequence = 0;
  const publish = async (timeout: `${number}s` = '40s') => {
    const mine = ++sequence;
    await bus.publishEnvelope(topic, event('order-1', mine), { timeout });
    history.accept('order-1', mine);
  };
  await publish();
  await eventually(() => history.isComplete && probes.acknowledged > 0);
  return { bus, topic, service, history, probes, publish, logged };
}

const connectionCheckOf = async (bus: Awaited<ReturnType<typeof kafkaBus>>) => {
  const report = await bus.health.report();
  return { ready: report.ready, ...report.checks.find(({ name }) => name === 'connection') };
};

const ownBroker = async (options: { advertised?: string } = {}): Promise<Service> =>
  cleanup.add(await startService('kafka', { own: true, ...options }), (one) => one.close());

it('a broker that is away for long is rejoined without a restart, by the clients themselves', async () => {
  const broker = await ownBroker();
  const { bus, service, history, probes, publish, logged } = await probed(broker.addresses);
  const { producer, consumers } = kafka.native(bus);
  expect(await connectionCheckOf(bus)).toMatchObject({ ready: true, status: 'healthy' });
  await broker.stop();
  await eventually(() => bus.connection.state().status === 'reconnecting');
  const { status, ready, reason } = await connectionCheckOf(bus);
  expect({ status, ready, reason }).toEqual({
    status: 'unhealthy',
    ready: false,
    reason: 'the connection is lost and is being made again',
  });
  const meanwhile = [publish(), publish()];
  const failedBefore = probes.failed;
  await eventually(() => probes.failed >= failedBefore + 10, 'five times the threshold');
  expect(bus.health.publisher.status().healthy).toBe(false);
  expect(bus.connection.state().status).toBe('reconnecting');
  await broker.restart();
  await eventually(async () => (await connectionCheckOf(bus)).status === 'healthy');
  await Promise.all(meanwhile);
  await publish();
  await eventually(() => history.isComplete && bus.health.publisher.status().healthy);
  await eventually(async () => (await bus.health.report()).ready);
  history.check();
  expect(logged.filter((line) => line.includes('replacing'))).toEqual([]);
  expect(kafka.native(bus).producer).toBe(producer);
  expect(kafka.native(bus).consumers.get(service)).toBe(consumers.get(service));
  expect(bus.connection.state().reconnects).toBe(1);
}, 90_000);

it('a broker that seems connected and does not answer: the clients are replaced', async () => {
  const proxy = cleanup.add(await TcpProxy.start(), (one) => one.close());
  const broker = await ownBroker({ advertised: proxy.address });
  proxy.forwardTo(broker.addresses[0] as string);
  const common = { connectTimeout: '3s' } as const;
  const { bus, service, history, publish, logged } = await probed([proxy.address], {
    common,
    // The broker misses the member that vanished when its session ends, and lets nobody else in its place before.
    kafka: { consumer: { sessionTimeout: '6s' } },
  });
  const { producer, consumers } = kafka.native(bus);
  const consumer = consumers.get(service);
  const statuses: string[] = [];
  bus.on('reconnecting', () => void statuses.push('reconnecting'));
  bus.on('reconnected', () => void statuses.push('reconnected'));
  proxy.swallow();
  // librdkafka's own time limit for a request is 10 to 60 s.
  await eventually(() => bus.connection.state().status === 'reconnecting');
  expect(logged.filter((line) => line.includes('replacing it'))).toHaveLength(1);
  const meanwhile = publish();
  await eventually(() => logged.some((line) => line.includes('reconnecting failed')), 'an attempt fails');
  proxy.heal();
  await eventually(() => bus.connection.state().status === 'connected');
  await meanwhile;
  await publish();
  await eventually(() => history.isComplete && bus.health.publisher.status().healthy);
  history.check();
  expect(kafka.native(bus).producer).not.toBe(producer);
  expect(kafka.native(bus).consumers.get(service)).not.toBe(consumer);
  await eventually(() => statuses.length === 2);
  expect(statuses).toEqual(['reconnecting', 'reconnected']);
  await eventually(async () => (await bus.health.report()).ready);
}, 90_000);

it('a producer that has given up is made anew, and nothing else is', async () => {
  const broker = await ownBroker();
  const small = uniqueName('topic');
  const plain = cleanup.add(await plainAdmin(broker.addresses), (one) => one.disconnect());
  await plain.createTopics({
    topics: [{ topic: small, configEntries: [{ name: 'max.message.bytes', value: '1000' }] }],
  });
  // A message that is refused is a gap, which is fatal to a producer that guarantees that there is none.
  const { bus, service, history, publish } = await probed(broker.addresses, {
    kafka: { librdkafka: { 'enable.gapless.guarantee': true } },
  });
  const { producer, consumers } = kafka.native(bus);
  const consumer = consumers.get(service);
  const said: string[] = [];
  bus.on('reconnecting', () => void said.push('reconnecting'));
  bus.on('reconnected', () => void said.push('reconnected'));
  await expect(bus.publish(small, 'x'.repeat(10_000))).rejects.toThrow();
  await publish();
  expect(kafka.native(bus).producer).not.toBe(producer);
  expect(kafka.native(bus).consumers.get(service)).toBe(consumer);
  expect(said).toEqual([]);
  await eventually(() => history.isComplete);
  history.check();
}, 90_000);

it('an idle bus learns that its broker went, and that it froze', async () => {
  const broker = await ownBroker();
  const bus = cleanup.add(await kafkaBus(broker.addresses), (one) => one.close({ timeout: '1s' }));
  await broker.pause();
  const report = await bus.health.report();
  expect(report).toMatchObject({ status: 'unhealthy', ready: false });
  expect(report.checks[0]).toMatchObject({
    status: 'unhealthy',
    reason: 'connected, but the broker did not answer within 5000 ms',
  });
  await broker.resume();
  await eventually(async () => (await bus.health.report()).ready);
  await broker.kill();
  await eventually(() => bus.connection.state().status === 'reconnecting');
}, 60_000);
