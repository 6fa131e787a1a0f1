/** What operators see over HTTP while a broker goes away and comes back, and while consumers get stuck. */
import { createEventBus, type EventBus, type EventBusConfig } from '@ebus/core';
import { type Service, serviceProblem, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { Cleanup } from '../../conformance/src/test-kit/cleanup.js';
import { event } from '../../conformance/src/test-kit/events.js';
import { eventually } from '../../conformance/src/test-kit/eventually.js';
import { uniqueName } from '../../conformance/src/test-kit/unique-name.js';
import { healthHttp } from './index.js';
import { transports } from './testing/transports.js';

const PATIENCE_MS = 30_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const soon = (check: () => unknown, what: string) => eventually(PATIENCE_MS, check, what);

async function ask(bus: EventBus, path: string) {
  const response = await fetch(`${healthHttp.address(bus).url}${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const statusOf = async (bus: EventBus, path: string) => (await ask(bus, path)).status;

/** The reasons that `/health` gives. */
async function reasons(bus: EventBus): Promise<string> {
  const { status, body } = await ask(bus, '/health');
  if (status === 200) return '';
  const { checks } = body.details as { checks: { reason?: string }[] };
  return checks.map(({ reason }) => reason ?? '').join('\n');
}

describe.each(['nats', 'kafka'] as const)('on %s', async (name) => {
  const problem = await serviceProblem(name);
  const cleanup = new Cleanup();
  let server: Service;

  beforeAll(async () => {
    if (problem === undefined) server = await startService(name, { own: true });
  });
  afterEach(() => cleanup.run());
  afterAll(() => server?.close());

  async function busOn(test: TestContext, config: Partial<EventBusConfig> = {}): Promise<EventBus> {
    if (problem !== undefined) test.skip(problem);
    const { plugin, configOf } = transports[name];
    const full = {
      ...configOf(server.addresses),
      serviceName: uniqueName('service'),
      healthHttp: { port: 0, host: '127.0.0.1' },
      ...config,
    } as EventBusConfig;
    const bus = await createEventBus(full, { plugins: [plugin, healthHttp], logger: silent });
    return cleanup.add(bus, () => bus.close({ timeout: 0 }));
  }

  it('a broker that is away takes readiness with it, and only that; both come back by themselves', async (test) => {
    const topic = uniqueName('topic');
    const bus = await busOn(test, { topics: { [topic]: {} } });
    const handled: string[] = [];
    await bus.subscribeEnvelope(topic, ({ aggregateId }) => void handled.push(aggregateId));
    expect(await statusOf(bus, '/readyz')).toBe(200);

    const live = new Set<number>();
    const alive = setInterval(() => void statusOf(bus, '/livez').then((status) => live.add(status)), 50);
    try {
      await server.stop(1);
      await soon(async () => (await statusOf(bus, '/readyz')) === 503, 'not ready without a broker');
      await soon(() => bus.connection.state().status === 'reconnecting', 'the state says so');
      const { body } = await ask(bus, '/readyz');
      expect(body).toMatchObject({ status: 'not ready', error: expect.stringContaining('connection') });
      expect(await statusOf(bus, '/health')).toBe(503);

      await server.restart(1);
      await soon(async () => (await statusOf(bus, '/readyz')) === 200, 'ready with the broker back');
      expect(bus.connection.state()).toMatchObject({ status: 'connected', reconnects: 1 });
    } finally {
      clearInterval(alive);
    }
    expect([...live]).toEqual([200]);
    await soon(async () => {
      await bus.publishEnvelope(topic, event('after', 1));
      return true;
    }, 'publishing works again');
    await soon(() => handled.includes('after'), 'consuming works again');
  });

  it('a handler that blocks the event loop', async (test) => {
    const topic = uniqueName('topic');
    const bus = await busOn(test, {
      topics: { [topic]: {} },
      healthCheck: { report: { maxEventLoopDelay: '500ms' } },
    });
    await bus.subscribe(topic, () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    });
    expect(await statusOf(bus, '/health')).toBe(200);
    await bus.publish(topic, 'x');
    await soon(async () => /event loop was blocked/.test(await reasons(bus)), 'it is said');
    expect(bus.connection.state().status).toBe('connected');
  });

  it('a handler that never returns', async (test) => {
    const topic = uniqueName('topic');
    const bus = await busOn(test, { topics: { [topic]: {} } });
    let release = () => {};
    await bus.subscribeEnvelope(topic, () => new Promise<void>((resolve) => (release = resolve)), {
      processingTimeout: '200ms',
      maxRetries: 0,
    });
    await bus.publishEnvelope(topic, event('order-1', 1));
    await soon(
      async () => (await reasons(bus)).includes(`${topic} (group `),
      'it is said, with topic and group',
    );
    expect(await reasons(bus)).toMatch(/aborted at the processing timeout and did not return/);
    expect(bus.connection.state().status).toBe('connected');
    release();
    await soon(async () => (await statusOf(bus, '/health')) === 200, 'healthy again once it returned');
  });

  it('a consumer whose settling is stuck', async (test) => {
    const topic = uniqueName('topic');
    const bus = await busOn(test, {
      topics: { [topic]: {} },
      healthCheck: { report: { stalledAfter: '1s' } },
    });
    // It fails again and again, and nothing behind it in its partition can be settled for good.
    const held = await bus.subscribe(topic, () => Promise.reject(new Error('no')), {
      maxRetries: 1_000,
      retryBackoff: { base: '100ms', max: '100ms' },
    });
    await bus.publish(topic, 'x');
    await soon(() => held.stats().failedAttempts > 0, 'it fails');
    await soon(async () => /settling is stuck/.test(await reasons(bus)), 'it is said');
    expect(bus.connection.state().status).toBe('connected');
  });
});
