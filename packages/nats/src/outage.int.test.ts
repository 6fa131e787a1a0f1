/** Servers that go away for long, that fail without saying so, and clients that give up: all come back by themselves. */
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nats } from './index.js';
import { Cleanup, event, eventually, History, natsBus, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** An outage of minutes in a second: the threshold of failing probes is passed again and again. */
const PROBING = {
  publisher: { initialBackoff: '20ms', maxBackoff: '100ms' },
  healthCheck: {
    enabled: true,
    publisher: { interval: '100ms', timeout: '200ms', failureThreshold: 2 },
  },
} as const;

/** A bus that handles what is published to it, and counts its probes. */
async function probed(urls: readonly string[], settings: Parameters<typeof natsBus>[1] = {}) {
  const logged: string[] = [];
  const log = (...args: unknown[]) => void logged.push(String(args.at(-1)));
  const logger = { debug() {}, info() {}, warn: log, error: log };
  const topic = uniqueName('topic');
  const service = uniqueName('service');
  const bus = cleanup.add(
    await natsBus(urls, { service, logger, ...settings, common: { ...PROBING, ...settings.common } }),
    (one) => one.close({ timeout: '1s' }),
  );
  const history = new History();
  await bus.subscribeEnvelope<{ sequence: number }>(topic, ({ aggregateId, payload }) =>
    history.handle(aggregateId, payload.sequence),
  );
  const probes = { failed: 0, acknowledged: 0 };
  bus.on('healthCheck', ({ healthy }) => void probes[healthy ? 'acknowledged' : 'failed']++);
  let sequence = 0;
  const publish = async (timeout: `${number}s` = '30s') => {
    const mine = ++sequence;
    await bus.publishEnvelope(topic, event('order-1', mine), { timeout });
    history.accept('order-1', mine);
  };
  await publish();
  await eventually(() => history.isComplete && probes.acknowledged > 0);
  return { bus, history, probes, publish, logged };
}

const connectionCheckOf = async (bus: Awaited<ReturnType<typeof natsBus>>) => {
  const report = await bus.health.report();
  return { ready: report.ready, ...report.checks.find(({ name }) => name === 'connection') };
};

describe.each(['current', '2.9'])('a %s server', (version) => {
  let server: Service;
  beforeAll(async () => {
    server = await startService('nats', { own: true, version });
  });
  afterAll(() => server.close());

  it('that is away for long is rejoined without a restart, by the client itself', async () => {
    const { bus, history, probes, publish, logged } = await probed(server.addresses);
    const before = nats.native(bus).connection;
    expect(await connectionCheckOf(bus)).toMatchObject({ ready: true, status: 'healthy' });
    await server.stop();
    const stoppedAt = performance.now();
    await eventually(() => bus.connection.state().status === 'reconnecting');
    const { status, ready, reason } = await connectionCheckOf(bus);
    expect({ status, ready, reason }).toEqual({
      status: 'unhealthy',
      ready: false,
      reason: 'the connection is lost and is being made again',
    });
    expect(performance.now() - stoppedAt).toBeLessThan(1_000);
    const meanwhile = [publish(), publish()];
    const failedBefore = probes.failed;
    await eventually(() => probes.failed >= failedBefore + 10, 'five times the threshold');
    expect(bus.health.publisher.status().healthy).toBe(false);
    expect(bus.connection.state().status).toBe('reconnecting');
    await server.restart();
    await eventually(async () => (await connectionCheckOf(bus)).status === 'healthy');
    await Promise.all(meanwhile);
    await publish();
    await eventually(() => history.isComplete && bus.health.publisher.status().healthy);
    await eventually(async () => (await bus.health.report()).ready);
    history.check();
    expect(nats.native(bus).connection).toBe(before);
    expect(bus.connection.state().reconnects).toBe(1);
    expect(logged.filter((line) => line.includes('replacing'))).toEqual([]);
  }, 30_000);

  it('that reads nothing is handed a bounded amount of ephemeral messages', async () => {
    const topic = uniqueName('topic');
    const common = { topics: { [topic]: { persistence: 'ephemeral' } } } as const;
    const bus = cleanup.add(await natsBus(server.addresses, { common }), (one) =>
      one.close({ timeout: '1s' }),
    );
    const body = new Uint8Array(512 * 1024);
    await bus.publish(topic, body);
    await server.pause();
    cleanup.add(server, (one) => one.resume());
    let accepted = 0;
    const publish = () =>
      bus.publish(topic, body, { timeout: '2s', retries: 0 }).then(
        () => ++accepted,
        (error: { retryable: boolean }) => error,
      );
    let outcome: unknown = 0;
    while (typeof outcome === 'number' && accepted < 1_000) outcome = await publish();
    expect(outcome).toMatchObject({ retryable: true });
    expect(accepted).toBeGreaterThan(20);
    expect(accepted * body.length).toBeLessThan(80 * 1024 * 1024);
    await server.resume();
    await eventually(async () => expect(await publish()).toBeTypeOf('number'));
  }, 40_000);

  it('whose client has given up: it is made anew, as often as it takes', async () => {
    const { bus, history, probes, publish, logged } = await probed(server.addresses, {
      nats: { maxReconnects: 2, reconnectWait: 20 },
    });
    const before = nats.native(bus).connection;
    await server.kill();
    await eventually(() => logged.filter((line) => line.includes('reconnecting failed')).length >= 10);
    await eventually(() => probes.failed >= 6);
    expect(bus.connection.state().status).toBe('reconnecting');
    expect((await bus.health.report()).ready).toBe(false);
    const meanwhile = publish();
    await server.restart();
    await meanwhile;
    await publish();
    await eventually(() => history.isComplete && bus.connection.state().status === 'connected');
    history.check();
    expect(nats.native(bus).connection).not.toBe(before);
    await eventually(async () => (await bus.health.report()).ready);
  }, 30_000);
});
