/** Brokers that go away for long, that fail without saying so, and clients that give up: all come back by themselves. */
import { type Service, startService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
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
      common: { ...(settings.common ?? PROBING), topics: { [topic]: {} } },
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
  const isProbing = (settings.common ?? PROBING).healthCheck?.enabled === true;
  await eventually(() => history.isComplete && (!isProbing || probes.acknowledged > 0));
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
  const { bus, history, probes, publish, logged } = await probed(broker.addresses, {
    // A broker under load may be fenced for a while after it has started again: the client waits for it as long as this test.
    kafka: { librdkafka: { 'message.timeout.ms': 80_000 } },
    // Probes that fail before the loss is noticed are explained by a connection that is younger than that.
    common: { ...PROBING, connectTimeout: '150s' },
  });
  expect(await connectionCheckOf(bus)).toMatchObject({ ready: true, status: 'healthy' });
  await broker.stop();
  await eventually(() => bus.connection.state().status === 'reconnecting');
  const { status, ready, reason } = await connectionCheckOf(bus);
  expect({ status, ready, reason }).toEqual({
    status: 'unhealthy',
    ready: false,
    reason: 'the connection is lost and is being made again',
  });
  const meanwhile = [publish('80s'), publish('80s')];
  const failedBefore = probes.failed;
  await eventually(() => probes.failed >= failedBefore + 10, 'five times the threshold');
  expect(bus.health.publisher.status().healthy).toBe(false);
  expect(bus.connection.state().status).toBe('reconnecting');
  await broker.restart();
  await eventually(
    async () => expect(await connectionCheckOf(bus), logged.join('\n')).toMatchObject({ status: 'healthy' }),
    undefined,
    80_000,
  );
  await Promise.all(meanwhile);
  await publish('80s');
  await eventually(() => history.isComplete && bus.health.publisher.status().healthy);
  await eventually(async () => (await bus.health.report()).ready);
  history.check();
  expect(logged.filter((line) => line.includes('replacing'))).toEqual([]);
  expect(bus.connection.state().reconnects).toBe(1);
}, 240_000);

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

it('a client that is replaced while the broker is away leaves its group once it is back', async () => {
  const broker = await ownBroker();
  const { bus, topic, service, history, publish } = await probed(broker.addresses, {
    // Longer than this test is patient: what has not left is waited for as long.
    kafka: { consumer: { sessionTimeout: '60s' } },
    common: { healthCheck: {} },
  });
  const plain = cleanup.add(await plainAdmin(broker.addresses), (one) => one.disconnect());
  await eventually(async () => {
    const [committed] = await plain.fetchOffsets({ groupId: service, topics: [topic] });
    return committed?.partitions[0]?.offset === '1';
  }, 'the offset is committed, so that nothing is left to be said to the coordinator');
  await broker.stop();
  await eventually(() => bus.connection.state().status === 'reconnecting');
  const replacing = bus.connection.reconnect();
  await broker.restart();
  await replacing;
  await publish();
  await eventually(() => history.isComplete);
  history.check();
}, 120_000);
