/** The plug-in and the handler on real buses, over real sockets. */
import { createServer } from 'node:http';
import { recordReads, settingsOf } from '@ebus/conformance';
import {
  type CommonConfig,
  ConfigError,
  type CreateEventBusOptions,
  createEventBus,
  definePlugin,
  type Extensions,
  InMemoryMetricsCollector,
  PluginError,
} from '@ebus/core';
import { memory } from '@ebus/memory';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { healthHttpConfigSchema } from './health-http-config.js';
import { healthHandler, healthHttp } from './index.js';
import { listening } from './testing/listen.js';
import { hangs, keptLogger } from './testing/sources.js';

/** Shows one figure, as collectors for metrics systems do. */
class ShownMetrics extends InMemoryMetricsCollector {
  async expose() {
    const published = this.get('publish_total');
    return { contentType: 'text/plain; version=0.0.4; charset=utf-8', body: `publish_total ${published}\n` };
  }
}

async function busOf(config: CommonConfig & Partial<Extensions> = {}, options: CreateEventBusOptions = {}) {
  const { logged, logger } = keptLogger();
  const bus = await createEventBus(
    { type: 'memory', serviceName: 'shop', ...config },
    { plugins: [memory, healthHttp], logger, ...options },
  );
  onTestFinished(async () => void (await bus.close({ timeout: 0 })));
  return { bus, logged };
}

const served = { healthHttp: { port: 0, host: '127.0.0.1' } };

async function ask(url: string) {
  const response = await fetch(url);
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
}

describe('healthHttp', () => {
  it('serves from the start of a bus until it has closed', async () => {
    const { bus } = await busOf({ healthHttp: { ...served.healthHttp, path: '/ops' } });
    const { url } = healthHttp.address(bus);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/ops$/);
    expect(await ask(`${url}/livez`)).toMatchObject({ status: 200, json: { status: 'alive' } });
    expect(await ask(`${url}/readyz`)).toMatchObject({ status: 200, json: { status: 'ready' } });
    await bus.close();
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
    expect(() => healthHttp.address(bus)).toThrow(PluginError);
  });

  it('has no server unless the configuration asks for one', async () => {
    const { bus } = await busOf();
    expect(() => healthHttp.address(bus)).toThrow('this event bus has no health server');
  });

  it('starts with the bus, and goes on when that is stopped', async () => {
    const { bus } = await busOf(served, { autoStart: false });
    expect(() => healthHttp.address(bus)).toThrow('does not listen');
    await bus.start();
    const { url } = healthHttp.address(bus);
    await bus.stop();
    expect((await ask(`${url}/livez`)).status).toBe(200);
    await bus.start();
    expect(healthHttp.address(bus).url).toBe(url);
  });

  it('fails the making of a bus where the port is in use', async () => {
    const { bus } = await busOf(served);
    const { port, url } = healthHttp.address(bus);
    const failed = busOf({ healthHttp: { port, host: '127.0.0.1' } });
    await expect(failed).rejects.toSatisfy((error) => ConfigError.isInstance(error));
    await expect(failed).rejects.toThrow(`127.0.0.1:${port}: the port is in use`);
    expect((await ask(`${url}/livez`)).status).toBe(200);
  });

  it('has no key that nobody reads', async () => {
    let read: ReadonlySet<string> = new Set();
    const recording = definePlugin({
      ...healthHttp,
      create: (bus, config, context) => {
        const recorded = recordReads(config);
        read = recorded.read;
        return healthHttp.create(bus, recorded.config, context);
      },
    });
    const config = { healthHttp: { ...served.healthHttp, path: '/ops', ui: { port: 0 } } };
    await busOf(config, { plugins: [memory, recording] });
    expect(settingsOf(healthHttpConfigSchema).filter((path) => !read.has(path))).toEqual([]);
  });
});

describe('what a real bus is told to be', () => {
  it('shows its figures', async () => {
    const { bus } = await busOf(
      { ...served, topics: { 'shop.orders': {} } },
      { metrics: new ShownMetrics() },
    );
    await bus.publish('shop.orders', 'one');
    const { url } = healthHttp.address(bus);
    const { status, json } = await ask(`${url}/health`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      overall: 'healthy',
      infrastructure: {
        eventBus: {
          connectionStatus: 'connected',
          publishLatency: null,
          lastSuccessTime: null,
          consecutiveFailures: 0,
          messageBacklog: 0,
          reconnectCount: 0,
          brokerCount: 1,
          topicCount: 1,
        },
      },
      details: {
        checks: expect.arrayContaining([expect.objectContaining({ name: 'connection', status: 'healthy' })]),
      },
    });
    expect(json).not.toHaveProperty('business');
    expect(json.checkDuration).toBeGreaterThan(0);
    expect(Date.now() - Date.parse(json.timestamp)).toBeLessThan(60_000);
    expect(await ask(`${url}/metrics`)).toMatchObject({ status: 200, text: 'publish_total 1\n' });
  });

  it('has latencies and times once probes are sent', async () => {
    const { bus } = await busOf({
      ...served,
      healthCheck: { enabled: true, publisher: { interval: '20ms' }, subscriber: {} },
    });
    const { url } = healthHttp.address(bus);
    await vi.waitFor(async () => {
      const { eventBus } = (await ask(`${url}/health`)).json.infrastructure;
      expect(eventBus.publishLatency).toSatisfy((ns) => Number.isInteger(ns) && ns > 0);
      expect(eventBus.subscribeLatency).toSatisfy((ns) => Number.isInteger(ns) && ns >= 0);
      expect(eventBus.lastSuccessTime).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    });
  });

  it('serves metrics apart from the probes where it is told to', async () => {
    const { bus } = await busOf(
      { healthHttp: { ...served.healthHttp, metricsPort: 0 } },
      { metrics: new ShownMetrics() },
    );
    const { url, metrics } = healthHttp.address(bus);
    expect((await ask(`${url}/livez`)).status).toBe(200);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect((await fetch(`${metrics?.url}/metrics`)).status).toBe(200);
    expect((await fetch(`${metrics?.url}/livez`)).status).toBe(404);
    await bus.close();
    await expect(fetch(`${metrics?.url}/metrics`)).rejects.toThrow();
  });

  it('stays ready while a service that it watches is down', async () => {
    const { bus } = await busOf({
      ...served,
      healthCheck: {
        enabled: true,
        publisher: { topic: 'probes.orders', interval: '20ms' },
        subscribers: [
          { monitorInterval: '20ms', expectedInterval: '1h' },
          { topic: 'probes.users', monitorInterval: '20ms', expectedInterval: '20ms' },
        ],
      },
    });
    const { url } = healthHttp.address(bus);
    const alerts: string[] = [];
    bus.on('healthAlert', ({ severity, topic }) => void alerts.push(`${topic} ${severity}`));
    await vi.waitFor(() => expect(alerts).toContain('probes.users critical'));
    expect(await ask(`${url}/readyz`)).toMatchObject({ status: 200, json: { status: 'ready' } });
    const { status, json } = await ask(`${url}/health`);
    expect([status, json.overall]).toEqual([200, 'degraded']);
    const names = json.details.checks.map((check: { name: string; status: string }) => [
      check.name,
      check.status,
    ]);
    expect(names).toContainEqual(['subscriber probes.orders', 'healthy']);
    expect(names).toContainEqual(['subscriber probes.users', 'degraded']);
  });

  it('is unhealthy by a business check that fails, whose error stays inside', async () => {
    const { bus, logged } = await busOf(served);
    const error = new Error('hunter2 is locked out');
    let broken = true;
    bus.health.register({
      name: 'ledger',
      check: () => {
        if (broken) throw error;
      },
      metrics: () => ({ entries: 7 }),
    });
    const { url } = healthHttp.address(bus);
    const { status, text, json } = await ask(`${url}/health`);
    expect(status).toBe(503);
    expect(json.overall).toBe('unhealthy');
    expect(json.business.ledger).toEqual({
      status: 'unhealthy',
      message: 'the check failed',
      metrics: { entries: 7 },
    });
    const ready = await ask(`${url}/readyz`);
    expect(ready).toMatchObject({ status: 503, json: { error: 'ledger: the check failed' } });
    expect(text + ready.text).not.toContain('hunter2');
    expect(JSON.stringify(logged.map(([fields]) => String((fields as { err?: Error }).err)))).toContain(
      'hunter2',
    );

    broken = false;
    expect((await ask(`${url}/readyz`)).status).toBe(200);
  });

  it('is unhealthy by a check that hangs, which the bus cuts off after 5 s and names', async () => {
    const { bus } = await busOf();
    bus.health.register({ name: 'stuck', check: hangs });
    const handler = healthHandler(bus);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const answer = handler.fetch(new Request('http://x/health'));
    await vi.advanceTimersByTimeAsync(5_000);
    const response = await answer;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      business: { stuck: { status: 'unhealthy', message: expect.stringMatching(/did not answer/) } },
    });
  });

  it('is cut off by the handler where it is told to wait for less', async () => {
    const { bus } = await busOf();
    bus.health.register({ name: 'stuck', check: hangs });
    const url = await listening(createServer(healthHandler(bus, { timeout: 30 })));
    expect(await ask(`${url}/health`)).toMatchObject({
      status: 503,
      json: { overall: 'unhealthy', infrastructure: { eventBus: { connectionStatus: null } } },
    });
    expect((await ask(`${url}/livez`)).status).toBe(200);
  });

  it('is not ready while its connection is away, and is again when that comes back', async () => {
    let lose = () => {};
    let comeBack = () => {};
    const flaky = definePlugin({
      ...memory,
      create: async (config, context) => {
        const driver = await memory.create(config, context);
        const connect = driver.connect.bind(driver);
        driver.connect = (host, options) => {
          lose = () => host.onState({ status: 'reconnecting', cause: new Error('10.0.0.7 is gone') });
          comeBack = () => host.onState({ status: 'connected' });
          return connect(host, options);
        };
        return driver;
      },
    });
    const { bus } = await busOf(served, { plugins: [flaky, healthHttp] });
    const { url } = healthHttp.address(bus);
    expect((await ask(`${url}/readyz`)).status).toBe(200);
    lose();
    const ready = await ask(`${url}/readyz`);
    expect(ready).toMatchObject({
      status: 503,
      json: { error: expect.stringMatching(/^connection: .*lost/) },
    });
    const health = await ask(`${url}/health`);
    expect(health).toMatchObject({
      status: 503,
      json: { infrastructure: { eventBus: { connectionStatus: 'reconnecting' } } },
    });
    expect(ready.text + health.text).not.toContain('10.0.0.7');
    expect((await ask(`${url}/livez`)).status).toBe(200);
    comeBack();
    await vi.waitFor(async () => expect((await ask(`${url}/readyz`)).status).toBe(200));
  });

  it('is closed once it has closed, for a server of the application that lives on', async () => {
    const { bus } = await busOf();
    const url = await listening(createServer(healthHandler(bus)));
    await bus.close();
    expect(await ask(`${url}/readyz`)).toMatchObject({
      status: 503,
      json: { error: 'the service is shutting down' },
    });
    expect(await ask(`${url}/health`)).toMatchObject({
      status: 503,
      json: { infrastructure: { eventBus: { connectionStatus: 'closed' } } },
    });
    expect((await ask(`${url}/livez`)).status).toBe(200);
  });
});

describe('closing', () => {
  /** A bus whose close() waits for a handler until that is let go. */
  async function drainingBus() {
    const { bus } = await busOf(served, { metrics: new ShownMetrics() });
    const handling = vi.fn();
    let release = () => {};
    await bus.subscribe('shop.orders', async () => {
      handling();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    await bus.publish('shop.orders', 'one');
    await vi.waitFor(() => expect(handling).toHaveBeenCalled());
    return { bus, url: healthHttp.address(bus).url, release: () => release() };
  }

  it('turns readiness off at once, and answers while handlers drain', async () => {
    const { bus, url, release } = await drainingBus();
    expect((await ask(`${url}/readyz`)).status).toBe(200);
    const closed = bus.close();
    expect(await ask(`${url}/readyz`)).toMatchObject({
      status: 503,
      json: { status: 'not ready', error: 'the service is shutting down' },
    });
    expect(await ask(`${url}/health`)).toMatchObject({ status: 200, json: { overall: 'healthy' } });
    expect((await ask(`${url}/livez`)).status).toBe(200);
    expect(await ask(`${url}/metrics`)).toMatchObject({ status: 200, text: 'publish_total 1\n' });
    release();
    expect(await closed).toMatchObject({ handled: 1, timedOut: false });
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  });

  it('is not held up by many requests, each of which is answered in full or refused', {
    timeout: 60_000,
  }, async () => {
    const { bus, url, release } = await drainingBus();
    const statuses: (number | 'refused')[] = [];
    let asking = true;
    onTestFinished(() => {
      asking = false;
      release();
    });
    const askers = Array.from({ length: 50 }, async () => {
      while (asking) {
        try {
          const { status, json } = await ask(`${url}/readyz`);
          expect(json.status).toBe(status === 200 ? 'ready' : 'not ready');
          statuses.push(status);
        } catch (error) {
          // What fetch throws for a connection that is refused or ended; an answer cut in two would be a SyntaxError.
          expect(error).toMatchObject({ name: 'TypeError' });
          statuses.push('refused');
          return;
        }
      }
    });
    const count = (status: number | 'refused') => statuses.filter((other) => other === status).length;
    const patiently = { timeout: 15_000 };
    await vi.waitFor(() => expect(count(200)).toBeGreaterThan(100), patiently);
    const closed = bus.close();
    await vi.waitFor(() => expect(count(503)).toBeGreaterThan(100), patiently);
    expect(count('refused')).toBe(0);
    release();
    const began = performance.now();
    await closed;
    expect(performance.now() - began).toBeLessThan(5_000);
    await Promise.all(askers);
    expect(count('refused')).toBe(50);
    // Once off, it stays off.
    const off = statuses.indexOf(503);
    expect(statuses.slice(off + 50)).not.toContain(200);
  });
});
