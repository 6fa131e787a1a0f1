/** Replacing the clients again and again while messages flow: nothing is lost, order holds, every option is kept. */
import { startService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import { kafka } from './index.js';
import { Cleanup, event, eventually, History, kafkaBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** What a client was really made with; functions by their presence. */
function settingsOf(client: unknown): Record<string, unknown> {
  const { globalConfig } = client as { globalConfig: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(globalConfig).map(([name, value]) => [name, typeof value === 'function' ? 'set' : value]),
  );
}

it('under load, on a broker that demands a login', async () => {
  const jaas = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const broker = cleanup.add(
    await startService('kafka', {
      own: true,
      protocol: 'SASL_PLAINTEXT',
      scramUsers: { app: 'right' },
      config: [
        'sasl.enabled.mechanisms=SCRAM-SHA-256',
        `listener.name.client.scram-sha-256.sasl.jaas.config=${jaas}`,
      ].join('\n'),
    }),
    (one) => one.close(),
  );
  const [orders, audit, ticks] = [1, 2, 3].map(() => uniqueName('topic')) as [string, string, string];
  const service = uniqueName('service');
  const bus = cleanup.add(
    await kafkaBus(broker.addresses, {
      service,
      kafka: {
        security: {
          enabled: true,
          protocol: 'SASL_PLAINTEXT',
          mechanism: 'SCRAM-SHA-256',
          username: 'app',
          password: 'right',
        },
        producer: { flushFrequency: '2ms', batchSize: '64KB' },
        consumer: { heartbeatInterval: '200ms', fetchMaxWait: '50ms', fetchMinBytes: 2 },
        librdkafka: { 'socket.nagle.disable': true },
      },
      common: { topics: { [orders]: { partitions: 3 }, [audit]: {}, [ticks]: { compression: 'lz4' } } },
    }),
    (one) => one.close({ timeout: '5s' }),
  );
  const histories = [new History(), new History()];
  let most = 0;
  let running = 0;
  for (const [index, group] of ['billing', 'shipping'].entries()) {
    await bus.subscribeEnvelope<{ sequence: number }>(
      orders,
      async ({ aggregateId, payload }) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        (histories[index] as History).handle(aggregateId, payload.sequence);
        running--;
      },
      { group, concurrency: 4 },
    );
  }
  const audited = new Set<string>();
  let auditing = 0;
  let auditedAtOnce = 0;
  await bus.publish(audit, 'before');
  await bus.subscribe(
    audit,
    async (message) => {
      auditedAtOnce = Math.max(auditedAtOnce, ++auditing);
      await new Promise((resolve) => setImmediate(resolve));
      audited.add(message.text());
      auditing--;
    },
    { concurrency: 2, from: 'latest' },
  );
  const ticked: number[] = [];
  await bus.subscribe(ticks, () => void ticked.push(performance.now()), {
    rateLimit: { perSecond: 50, burst: 1 },
  });
  for (let i = 0; i < 2_000; i++) await bus.publish(ticks, `${i}`);

  let publishing = true;
  const accepted: string[] = [];
  const publishers = Array.from({ length: 8 }, async (_, i) => {
    const id = `order-${i}`;
    for (let sequence = 1; publishing; sequence++) {
      // Each is awaited, and tried until it is accepted, as an outbox does; the event id stays the same.
      const input = { ...event(id, sequence), eventId: `${id}-${sequence}` };
      for (let done = false; !done; ) {
        done = await bus.publishEnvelope(orders, input).then(
          () => true,
          (error: { retryable: boolean }) => {
            expect(error.retryable).toBe(true);
            return false;
          },
        );
      }
      for (const history of histories) history.accept(id, sequence);
      const text = `${id} ${sequence}`;
      await bus.publish(audit, text).then(
        () => void accepted.push(text),
        (error: { retryable: boolean }) => expect(error.retryable).toBe(true),
      );
    }
  });

  const told: string[] = [];
  bus.on('reconnected', async () => {
    told.push('first begins');
    await new Promise((resolve) => setImmediate(resolve));
    told.push('first ends');
  });
  bus.on('reconnected', () => void told.push('second'));
  const clients = () => {
    const { producer, consumers } = kafka.native(bus);
    return [producer, ...['billing', 'shipping', service].map((group) => consumers.get(group))];
  };
  const seen = new Set<unknown>(clients());
  const settings = clients().map(settingsOf);
  expect(settings[0]).toMatchObject({ 'sasl.username': 'app', 'linger.ms': 2, 'socket.nagle.disable': true });
  expect(settings[1]).toMatchObject({ 'sasl.username': 'app', 'group.id': 'billing', 'fetch.min.bytes': 2 });
  const rounds = 4;
  for (let round = 1; round <= rounds; round++) {
    const before = histories.map((history) => history.handledCount);
    await eventually(() => histories.every((one, i) => one.handledCount > (before[i] as number) + 50));
    // Several at once are one.
    await Promise.all([bus.connection.reconnect(), bus.connection.reconnect(), bus.connection.reconnect()]);
    await eventually(() => told.length === 3 * round);
    expect(clients().map(settingsOf)).toEqual(settings);
    for (const client of clients()) seen.add(client);
    expect(seen.size).toBe((round + 1) * 4);
  }
  const before = histories.map((history) => history.handledCount);
  await eventually(() => histories.every((one, i) => one.handledCount > (before[i] as number) + 50));
  publishing = false;
  await Promise.all(publishers);
  await eventually(() => histories.every((history) => history.isComplete));
  for (const history of histories) history.check();
  await eventually(() => accepted.every((text) => audited.has(text)));
  expect(audited.has('before')).toBe(false);
  expect(most, 'two groups of four').toBeLessThanOrEqual(8);
  expect(auditedAtOnce).toBeLessThanOrEqual(2);
  expect(told).toEqual(Array.from({ length: rounds }, () => ['first begins', 'first ends', 'second']).flat());
  // The rate that was asked for still holds: never two within a few milliseconds of each other.
  const perSecond = ((ticked.length - 1) * 1_000) / ((ticked.at(-1) as number) - (ticked[0] as number));
  expect(perSecond).toBeLessThan(55);
  expect(bus.connection.state()).toMatchObject({ status: 'connected', reconnects: rounds });
}, 120_000);
