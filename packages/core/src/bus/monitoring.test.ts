import { memory } from '@ebus/memory';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { SubscriberBacklogEvent } from '../backlog/types.js';
import type { CommonConfig } from '../config/types.js';
import { ConnectionError } from '../errors.js';
import type { HealthAlert, HealthReport } from '../health/types.js';
import type { MetricsCollector } from '../metrics/collector.js';
import { InMemoryMetricsCollector } from '../metrics/in-memory.js';
import { definePlugin } from '../registry/plugin.js';
import { Registry } from '../registry/registry.js';
import { ManualClock } from '../testing/manual-clock.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { ScriptedDriver, type ScriptedSubscription } from '../testing/scripted-driver.js';
import { deferred } from '../util/promise.js';
import { type CreateEventBusOptions, createEventBus } from './create-event-bus.js';
import type { EventBus } from './event-bus.js';

const buses: { bus: EventBus; clock: ManualClock }[] = [];
afterEach(async () => {
  for (const { bus, clock } of buses.splice(0)) {
    let closed = false;
    void bus.close({ timeout: 0 }).then(() => {
      closed = true;
    });
    await until(async () => {
      await clock.advance(1_000);
      return closed;
    });
  }
});

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function memoryBus(config: CommonConfig = {}, options: CreateEventBusOptions = {}) {
  const clock = new ManualClock();
  const metrics = new InMemoryMetricsCollector();
  const bus = await createEventBus(
    { type: 'memory', serviceName: 'orders', ...config },
    { plugins: [memory], clock, metrics, logger: silent, ...options },
  );
  buses.push({ bus, clock });
  return { bus, clock, metrics };
}

async function scripted(config: CommonConfig = {}, driver = new ScriptedDriver()) {
  const all = await scriptedBus(config, { driver });
  buses.push(all);
  return all;
}

const event = (aggregateId: string) => ({ aggregateId, eventType: 'A', eventVersion: 1, payload: {} });
const checkOf = ({ checks }: HealthReport, name: string) => checks.find((check) => check.name === name);
const until = async (condition: () => boolean | Promise<boolean>) => {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
};

const PROBES = 'jxt-core-memory-health-check';
const probing: CommonConfig = {
  healthCheck: {
    enabled: true,
    publisher: { interval: '1s', timeout: '500ms' },
    subscriber: { monitorInterval: '250ms' },
  },
};

/** Of one service: it publishes to its own topic, and watches what is given. */
function service(name: string, watch: Partial<NonNullable<CommonConfig['healthCheck']>>): CommonConfig {
  const publisher = { topic: `probes-${name}`, interval: '1s', timeout: '500ms' } as const;
  const broker = { memory: { broker: 'roles' } } as CommonConfig;
  return { ...broker, serviceName: name, healthCheck: { enabled: true, publisher, ...watch } };
}

describe('the roles of health', () => {
  const watch = (topic: string) => ({ topic, monitorInterval: '250ms' }) as const;

  it('publisher only: probes go out, none are watched, and it stays ready', async () => {
    const { bus, clock } = await memoryBus(service('alone', {}));
    await clock.advance(60_000);
    const report = await bus.health.report();
    expect(report).toMatchObject({ status: 'healthy', ready: true });
    expect(checkOf(report, 'publisher')).toMatchObject({ status: 'healthy' });
    expect(checkOf(report, 'subscriber')).toBeUndefined();
    expect(bus.health.subscriber.stats().running).toBe(false);
  });

  it('a subscriber without a topic watches the own probes, wherever they go', async () => {
    const { bus, clock } = await memoryBus(service('own', { subscriber: { monitorInterval: '250ms' } }));
    await clock.advance(20_000);
    expect(bus.health.subscriber.topic).toBe('probes-own');
    expect(bus.health.subscriber.stats()).toMatchObject({ healthy: true, lastSource: 'own' });
    await bus.health.publisher.stop();
    await clock.advance(20_000);
    expect(await bus.health.report()).toMatchObject({ status: 'unhealthy', ready: false });
  });

  it('a watched service that is down raises alerts and degrades, and its watcher stays ready', async () => {
    const { bus, clock } = await memoryBus(service('orders', { subscriber: watch('probes-users') }), {
      autoStart: false,
    });
    const alerts: HealthAlert[] = [];
    bus.on('healthAlert', (alert) => void alerts.push(alert));
    await bus.start();
    await clock.advance(60_000);
    expect(alerts.map(({ severity, topic }) => [severity, topic])).toEqual([
      ['warning', 'probes-users'],
      ['error', 'probes-users'],
      ['critical', 'probes-users'],
    ]);
    const report = await bus.health.report();
    expect(report).toMatchObject({ status: 'degraded', ready: true });
    expect(checkOf(report, 'subscriber')?.reason).toContain("on 'probes-users' for 60 intervals");
  });

  it('watches several services, each by a watcher of its own', async () => {
    const clock = new ManualClock();
    const users = await memoryBus(service('users', {}), { clock });
    const subscribers = [
      watch('probes-users'),
      watch('probes-payments'),
      { monitorInterval: '250ms' as const },
    ];
    const { bus } = await memoryBus(service('several', { subscribers }), { clock, autoStart: false });
    const alerts: HealthAlert[] = [];
    bus.on('healthAlert', (alert) => void alerts.push(alert));
    await bus.start();
    await clock.advance(10_500);
    expect(bus.health.subscribers.map(({ topic }) => topic)).toEqual([
      'probes-users',
      'probes-payments',
      'probes-several',
    ]);
    expect(bus.health.subscriber).toBe(bus.health.subscribers[0]);
    expect(bus.health.subscribers.map((one) => one.stats().lastSource)).toEqual([
      'users',
      undefined,
      'several',
    ]);
    expect(new Set(alerts.map(({ topic }) => topic))).toEqual(new Set(['probes-payments']));
    const report = await bus.health.report();
    expect(report).toMatchObject({ status: 'degraded', ready: true });
    expect(
      report.checks
        .filter(({ name }) => name.startsWith('subscriber'))
        .map(({ name, status }) => [name, status]),
    ).toEqual([
      ['subscriber probes-users', 'healthy'],
      ['subscriber probes-payments', 'degraded'],
      ['subscriber probes-several', 'healthy'],
    ]);
    await users.bus.close();
    await clock.advance(10_500);
    expect(new Set(alerts.map(({ topic }) => topic))).toEqual(new Set(['probes-payments', 'probes-users']));
    await bus.stop();
    expect(bus.health.subscribers.some((one) => one.stats().running)).toBe(false);
    await bus.start();
    expect(bus.health.subscribers.every((one) => one.stats().running)).toBe(true);
  });

  it('pass no middleware of the application', async () => {
    const { bus, clock } = await memoryBus(service('wrapped', { subscriber: {} }), { autoStart: false });
    const refuse = () => Promise.reject(new Error('not for probes'));
    bus.use({ publish: refuse, consume: refuse });
    await bus.start();
    await clock.advance(3_000);
    expect(bus.health.publisher.status()).toMatchObject({ healthy: true, consecutiveFailures: 0 });
    expect(bus.health.subscriber.stats().received).toBeGreaterThan(1);
  });
});

describe('health probes', () => {
  it('go out and come back, start with the bus and stop with it', async () => {
    const { bus, clock, metrics } = await memoryBus(probing);
    expect(bus.health.publisher.status().running).toBe(true);
    await until(
      () => bus.health.subscriber.stats().received > 0 || bus.metrics().lastHealthCheck !== undefined,
    );
    await clock.advance(3_000);
    const stats = bus.health.subscriber.stats();
    expect(stats).toMatchObject({ running: true, healthy: true, lastSource: 'orders', consecutiveMisses: 0 });
    expect(stats.received).toBeGreaterThanOrEqual(3);
    expect(bus.metrics()).toMatchObject({
      healthCheckStatus: 'healthy',
      lastHealthCheck: new Date(clock.now()),
    });
    expect(metrics.get('health_check_healthy')).toBeGreaterThanOrEqual(4);
    expect((await bus.topics.describe(PROBES))?.retentionMs).toBe(3_600_000);
    await bus.stop();
    expect([bus.health.publisher.status().running, bus.health.subscriber.stats().running]).toEqual([
      false,
      false,
    ]);
    await bus.start();
    expect(bus.health.subscriber.stats()).toMatchObject({ running: true, alerts: 0 });
  });

  it('do not start by themselves unless the configuration says so, or with autoStart off', async () => {
    const off = await memoryBus();
    expect(off.bus.health.publisher.status().running).toBe(false);
    expect(off.bus.metrics()).toMatchObject({ healthCheckStatus: 'unknown', lastHealthCheck: undefined });
    const manual = await memoryBus(probing, { autoStart: false });
    expect(manual.bus.health.publisher.status().running).toBe(false);
    await manual.bus.start();
    expect(manual.bus.health.publisher.status().running).toBe(true);
  });

  it('are read by other services on the broker, and alert when they stay away', async () => {
    const shared = { memory: { broker: 'probes-shared' } } as CommonConfig;
    const clock = new ManualClock();
    const sender = await memoryBus({ ...shared, ...probing }, { clock, autoStart: false });
    const watcher = await memoryBus(
      { ...shared, ...probing, serviceName: 'watcher' },
      { clock, autoStart: false },
    );
    const alerts: HealthAlert[] = [];
    watcher.bus.on('healthAlert', (alert) => void alerts.push(alert));
    await watcher.bus.health.subscriber.start();
    await sender.bus.health.publisher.start();
    await until(() => watcher.bus.health.subscriber.stats().received === 1);
    expect(watcher.bus.health.subscriber.stats().lastSource).toBe('orders');
    await sender.bus.health.publisher.stop();
    await clock.advance(11_000);
    expect(alerts.map(({ severity }) => severity)).toEqual(['warning', 'error', 'critical']);
    expect(await watcher.bus.health.report()).toMatchObject({ status: 'unhealthy', ready: false });
    await sender.bus.health.publisher.start();
    await until(() => alerts.length === 4);
    expect(alerts[3]).toMatchObject({ severity: 'recovered', topic: PROBES, eventBusType: 'memory' });
  });

  it('that fail ask for the client to be replaced, while it claims to be connected and that may help', async () => {
    class Replaceable extends ScriptedDriver {
      replaced = 0;
      async reconnect(): Promise<void> {
        this.replaced++;
      }
    }
    const driver = new Replaceable();
    const { bus, clock } = await scripted(
      { connectTimeout: '500ms', healthCheck: { publisher: { interval: '1s', failureThreshold: 2 } } },
      driver,
    );
    const failing = async (error: unknown, probes: number) => {
      for (let probe = 0; probe < probes; probe++) {
        const before = driver.sends.length;
        await (bus.health.publisher.status().running ? clock.advance(1_000) : bus.health.publisher.start());
        await until(() => driver.sends.length > before);
        driver.sends.at(-1)?.fail(error);
        await settle();
      }
    };
    // A connection that is only just there is given time.
    await clock.advance(500);
    await failing(new ConnectionError('gone'), 2);
    expect(driver.replaced).toBe(1);
    await failing(new ConnectionError('forbidden', { code: 'UNAUTHORIZED', retryable: false }), 2);
    expect(driver.replaced).toBe(1);
    driver.host?.onState({ status: 'reconnecting' });
    // Nothing is sent meanwhile: probes wait for the connection until their time is up.
    const sent = driver.sends.length;
    for (let second = 0; second < 44; second++) await clock.advance(1_000);
    expect(driver.sends).toHaveLength(sent);
    expect(bus.health.publisher.status().consecutiveFailures).toBeGreaterThan(4);
    expect(driver.replaced).toBe(1);
    driver.host?.onState({ status: 'connected' });
    await settle();
    await failing(new ConnectionError('gone'), 2);
    expect(driver.replaced).toBe(2);
  });

  it('do not hold up a close', async () => {
    const { bus, driver } = await scripted(probing);
    await until(() => driver.sends.length === 1);
    const began = performance.now();
    await bus.close({ timeout: 0 });
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(bus.health.publisher.status().consecutiveFailures).toBe(0);
  });
});

describe('the health report', () => {
  it('is healthy while the bus is idle, and while it works', async () => {
    const { bus } = await memoryBus();
    const idle = await bus.health.report();
    expect(idle).toMatchObject({
      status: 'healthy',
      ready: true,
      draining: false,
      business: [],
      eventBus: { connectionStatus: 'connected', messageBacklog: 0, reconnectCount: 0, brokerCount: 1 },
    });
    expect(idle.checks.map(({ name }) => name)).toEqual(['connection', 'event-loop', 'consumers']);
    const release = deferred();
    await bus.subscribeEnvelope('orders', () => release.promise);
    for (let i = 0; i < 50; i++) await bus.publishEnvelope('orders', event(`order-${i % 5}`));
    await vi.waitFor(() => expect(bus.metrics().messageBacklog).toBe(50));
    const busy = await bus.health.report();
    expect(busy.status).toBe('healthy');
    expect(busy.eventBus.messageBacklog).toBe(50);
    expect(checkOf(busy, 'consumers')?.details).toMatchObject({ subscriptions: 1, inFlight: 50 });
    release.resolve();
  });

  it('is unhealthy while the connection is not there, without asking the broker', async () => {
    const { bus, driver } = await scripted();
    let pings = 0;
    driver.ping = async () => {
      pings++;
      return {};
    };
    driver.host?.onState({ status: 'reconnecting', cause: new Error('gone') });
    const report = await bus.health.report();
    expect(report).toMatchObject({
      status: 'unhealthy',
      ready: false,
      eventBus: { connectionStatus: 'reconnecting' },
    });
    expect(checkOf(report, 'connection')?.reason).toContain('is lost');
    expect(pings).toBe(0);
    driver.host?.onState({ status: 'connected' });
    expect(await bus.health.report()).toMatchObject({ status: 'healthy', eventBus: { reconnectCount: 1 } });
    expect(pings).toBe(1);
  });

  it('is unhealthy when a handler blocked the event loop', async () => {
    const { bus, clock } = await memoryBus({ healthCheck: { report: { maxEventLoopDelay: '300ms' } } });
    await bus.subscribe('orders', () => clock.block(1_200));
    expect((await bus.health.report()).status).toBe('healthy');
    await bus.publish('orders', 'x');
    await bus.idle();
    const report = await bus.health.report();
    expect(report.status).toBe('unhealthy');
    expect(checkOf(report, 'event-loop')?.reason).toMatch(/the event loop was blocked for /);
    expect(report.eventBus.connectionStatus).toBe('connected');
  });

  it('is unhealthy when a handler never returns', async () => {
    const { bus, clock } = await memoryBus();
    await bus.subscribeEnvelope('orders', () => new Promise(() => {}), { processingTimeout: '1s' });
    await bus.publishEnvelope('orders', event('order-1'));
    await clock.advance(900);
    expect((await bus.health.report()).status).toBe('healthy');
    await clock.advance(1_200);
    const report = await bus.health.report();
    expect(report).toMatchObject({ status: 'unhealthy', eventBus: { connectionStatus: 'connected' } });
    expect(checkOf(report, 'consumers')?.reason).toContain('did not return');
  });

  it('is unhealthy when what was handled cannot be settled', async () => {
    const driver = new ScriptedDriver();
    const { bus, clock } = await scripted({ healthCheck: { report: { stalledAfter: '10s' } } }, driver);
    await bus.subscribe('orders', () => {});
    const [subscription] = driver.subscriptions;
    Object.assign(subscription as object, { settle: () => new Promise(() => {}) });
    await until(() => subscription?.asking === true);
    subscription?.deliver({ value: 'x' });
    await settle();
    expect((await bus.health.report()).status).toBe('healthy');
    await clock.advance(10_001);
    expect(checkOf(await bus.health.report(), 'consumers')).toMatchObject({
      status: 'unhealthy',
      reason: expect.stringContaining('settling is stuck: not confirmed for 10s'),
    });
  });

  it('is unhealthy when a dead letter cannot be written, and the message is held', async () => {
    const driver = new ScriptedDriver();
    const { bus, clock } = await scripted({ healthCheck: { report: { stalledAfter: '10s' } } }, driver);
    await bus.subscribe('orders', () => Promise.reject(new Error('no')), { maxRetries: 0 });
    const [subscription] = driver.subscriptions;
    await until(() => subscription?.asking === true);
    subscription?.deliver({ value: 'x' });
    await until(() => driver.sends.length > 0);
    await bus.health.report();
    await clock.advance(10_001);
    expect(checkOf(await bus.health.report(), 'consumers')?.reason).toContain(
      'is dead-lettering and has not moved',
    );
    expect(subscription?.settled).toEqual([]);
  });

  it('is unhealthy when the group’s position stands still while messages wait', async () => {
    const driver = new ScriptedDriver();
    driver.capability = { lag: true };
    const { bus, clock } = await scripted(
      {
        healthCheck: { report: { stalledAfter: '10s' } },
        subscriber: { backlogDetection: { checkInterval: '5s' } },
      },
      driver,
    );
    await bus.backlog.subscriber.start();
    await bus.subscribe('orders', () => {});
    const [subscription] = driver.subscriptions;
    Object.assign(subscription as object, { lag: async () => [{ partition: 0, lag: 9, position: 4 }] });
    subscription?.sink.assigned([0]);
    await clock.advance(5_000);
    expect((await bus.health.report()).status).toBe('healthy');
    await clock.advance(15_000);
    expect(checkOf(await bus.health.report(), 'consumers')?.reason).toContain(
      "the group's position on partition 0 has not moved for 15s, 9 behind",
    );
  });

  /** A bus that asks every 5 s how far its group is, and may take 10 s for a message. */
  async function asking(lag: () => Promise<object[]>) {
    class Replaceable extends ScriptedDriver {
      replaced = 0;
      async reconnect(): Promise<void> {
        this.replaced++;
      }
    }
    const driver = new Replaceable();
    driver.capability = { lag: true };
    const config: CommonConfig = {
      healthCheck: { report: { stalledAfter: '10s' } },
      subscriber: { backlogDetection: { checkInterval: '5s' } },
    };
    const { bus, clock, logged } = await scripted(config, driver);
    await bus.backlog.subscriber.start();
    await bus.subscribe('orders', () => {});
    const subscription = driver.subscriptions[0] as ScriptedSubscription;
    Object.assign(subscription, { lag });
    subscription.sink.assigned([0]);
    return { bus, clock, driver, subscription, logged };
  }

  it('is unhealthy when the broker cannot be asked how far the group is, and has the client replaced', async () => {
    let lag = () => Promise.reject<object[]>(new ConnectionError('the coordinator does not answer'));
    const { bus, clock, driver, logged } = await asking(() => lag());
    await clock.advance(10_000);
    expect(checkOf(await bus.health.report(), 'consumers')?.status).toBe('healthy');
    await clock.advance(10_000);
    expect(checkOf(await bus.health.report(), 'consumers')).toMatchObject({
      status: 'unhealthy',
      reason:
        'orders (group ebus): the broker has not said for 15s how far the group is: the coordinator does not answer',
    });
    expect(driver.replaced).toBe(1);
    expect(logged.filter(({ args }) => String(args[1]).includes('questions about lag'))).toHaveLength(1);
    lag = () => Promise.resolve([{ partition: 0, lag: 0 }]);
    await clock.advance(5_000);
    expect((await bus.health.report()).status).toBe('healthy');
  });

  it('does not have the client replaced, and is degraded, where it may not ask', async () => {
    const forbidden = new ConnectionError('no permission', { code: 'UNAUTHORIZED', retryable: false });
    const { bus, clock, driver } = await asking(() => Promise.reject(forbidden));
    await clock.advance(60_000);
    expect(checkOf(await bus.health.report(), 'consumers')?.status).toBe('degraded');
    expect(driver.replaced).toBe(0);
  });

  it('is healthy at the end of a log whose last entries nobody can handle', async () => {
    const marker = { partition: 0, lag: 1, unread: 0, settled: 41 };
    const { bus, clock, subscription } = await asking(async () => [marker]);
    subscription.deliver({ value: 'x', position: { partition: 0, offset: 41 } });
    await clock.advance(600_000);
    expect((await bus.health.report()).status).toBe('healthy');
    expect(bus.backlog.subscriber.states()).toMatchObject([{ lagCount: 0, hasBacklog: false }]);
    // What was settled here and does not arrive at the broker is another matter.
    marker.settled = 40;
    await clock.advance(30_000);
    expect(checkOf(await bus.health.report(), 'consumers')?.status).toBe('unhealthy');
  });

  it('has the checks of the application, and goes on without the ones that hang', async () => {
    const { bus } = await memoryBus();
    const off = bus.health.register({ name: 'stock', check: () => Promise.reject(new Error('secret')) });
    const report = await bus.health.report();
    expect(report).toMatchObject({ status: 'unhealthy', ready: false });
    expect(report.business).toMatchObject([{ name: 'stock', reason: 'the check failed' }]);
    off();
    expect((await bus.health.report()).status).toBe('healthy');
  });

  it('is shared by those who ask at once; who aborts gets no report', async () => {
    const { bus } = await memoryBus();
    let checks = 0;
    const release = deferred();
    bus.health.register({
      name: 'slow',
      check: () => {
        checks++;
        return release.promise;
      },
    });
    const abort = new AbortController();
    const aborted = bus.health.report({ signal: abort.signal });
    const others = [bus.health.report(), bus.health.report()];
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    release.resolve();
    const [first, second] = await Promise.all(others);
    expect(first).toBe(second);
    expect(checks).toBe(1);
    await expect(bus.health.report({ signal: abort.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('is not ready once the bus closes', async () => {
    const { bus } = await memoryBus();
    const release = deferred();
    await bus.subscribe('orders', () => release.promise);
    await bus.publish('orders', 'x');
    await settle();
    const closing = bus.close();
    expect(await bus.health.report()).toMatchObject({ ready: false, draining: true });
    release.resolve();
    await closing;
    expect(await bus.health.report()).toMatchObject({ status: 'unhealthy', ready: false });
  });
});

describe('backlog monitors', () => {
  it('start with the bus where they are enabled, and report what waits', async () => {
    const { bus, clock, metrics } = await memoryBus({
      publisher: { backlogDetection: { enabled: true, checkInterval: '1s' } },
      subscriber: { backlogDetection: { enabled: true, checkInterval: '1s', maxLagThreshold: 2 } },
    });
    const events: SubscriberBacklogEvent[] = [];
    bus.on('subscriberBacklog', (state) => void events.push(state));
    const held = await bus.subscribe('orders', () => {}, { group: 'held' });
    await bus.subscribe('orders', () => {}, { group: 'quick' });
    held.pause();
    for (let i = 0; i < 3; i++) await bus.publish('orders', 'x');
    await clock.advance(1_000);
    expect(events).toMatchObject([
      { consumerGroup: 'held', hasBacklog: true, lagCount: 3, lagTimeMs: 1_000 },
    ]);
    expect(metrics.get('backlog', 'orders')).toBe(3);
    expect(metrics.get('backlog_state', 'orders')).toBeGreaterThanOrEqual(0);
    const report = await bus.health.report();
    expect(report).toMatchObject({ status: 'degraded', ready: true });
    expect(checkOf(report, 'backlog')?.reason).toBe('orders (group held) is 3 messages and 1s behind');
    held.resume();
    await bus.idle();
    await clock.advance(1_000);
    expect(events).toMatchObject([{ hasBacklog: true }, { hasBacklog: false, lagCount: 0 }]);
    expect(checkOf(await bus.health.report(), 'backlog')).toEqual({ name: 'backlog', status: 'healthy' });
    await bus.stop();
    expect([bus.backlog.publisher.running, bus.backlog.subscriber.running]).toEqual([false, false]);
  });

  it('count publishes that are under way, and how long they took', async () => {
    const { bus, driver, clock } = await scripted({
      publisher: { backlogDetection: { maxQueueDepth: 2, checkInterval: '1s' } },
    });
    const seen: string[] = [];
    bus.on('publisherBacklog', ({ severity, queueDepth }) => void seen.push(`${severity} ${queueDepth}`));
    await bus.backlog.publisher.start();
    await clock.advance(990);
    const published = [1, 2, 3].map((i) => bus.publish('orders', String(i)));
    await clock.advance(10);
    expect(seen).toEqual(['CRITICAL 3']);
    expect(bus.backlog.publisher.state()).toMatchObject({ hasBacklog: true, publishRate: 0 });
    for (const { ack } of driver.sends) ack();
    await Promise.all(published);
    await clock.advance(1_000);
    expect(seen).toEqual(['CRITICAL 3', 'NORMAL 0']);
    expect(bus.backlog.publisher.state()).toMatchObject({ publishRate: 3, avgPublishLatencyMs: 10 });
  });

  it('say that they could not ask, and count it', async () => {
    const driver = new ScriptedDriver();
    const metrics = new InMemoryMetricsCollector();
    const { bus, clock } = await scriptedBus({}, { driver, metrics });
    buses.push({ bus, clock });
    await bus.subscribe('orders', () => {});
    const away = new ConnectionError('away');
    Object.assign(driver.subscriptions[0] as object, { lag: () => Promise.reject(away) });
    const events: SubscriberBacklogEvent[] = [];
    bus.on('subscriberBacklog', (state) => void events.push(state));
    await bus.backlog.subscriber.start();
    await clock.advance(30_000);
    expect(events).toMatchObject([{ topic: 'orders', error: away }]);
    expect(metrics.get('errors', 'lag')).toBeGreaterThanOrEqual(1);
    expect(metrics.all().has('backlog')).toBe(false);
  });
});

describe('metrics', () => {
  it('are polled for lag every collectInterval, and only with a collector', async () => {
    const { bus, clock, metrics } = await memoryBus({ metrics: { collectInterval: '5s' } });
    const held = await bus.subscribe('orders', () => {});
    held.pause();
    await bus.publish('orders', 'x');
    await clock.advance(4_999);
    expect(metrics.all().has('backlog')).toBe(false);
    await clock.advance(1);
    expect(metrics.get('backlog', 'orders')).toBe(1);

    const without = new ManualClock();
    const plain = await createEventBus(
      { type: 'memory' },
      { plugins: [memory], clock: without, logger: silent },
    );
    buses.push({ bus: plain, clock: without });
    // What watches the event loop is all that runs.
    expect(without.pending).toBe(1);
  });

  it('are closed by whoever made them: the bus those of its configuration, also one that never came to be', async () => {
    let closed = 0;
    class Closing extends InMemoryMetricsCollector {
      close(): void {
        closed++;
      }
    }
    const plugin = definePlugin({
      kind: 'metrics',
      name: 'closing',
      config: z.looseObject({}),
      create: () => new Closing(),
    });
    const failing = () => {
      const driver = new ScriptedDriver();
      driver.connectError = new ConnectionError('nobody there', { retryable: false });
      return driver;
    };
    const config = { metrics: { enabled: true, type: 'closing' } };
    const registry = new Registry().use(plugin);
    await expect(scriptedBus(config, { driver: failing(), registry })).rejects.toThrow('nobody there');
    expect(closed).toBe(1);
    const { bus } = await scriptedBus(config, { registry });
    await bus.close();
    expect(closed).toBe(2);

    const given = new Closing();
    await expect(scriptedBus({}, { driver: failing(), metrics: given })).rejects.toThrow('nobody there');
    const buses = await Promise.all([
      scriptedBus({}, { metrics: given }),
      scriptedBus({}, { metrics: given }),
    ]);
    for (const { bus: one } of buses) await one.close();
    expect(closed).toBe(2);
  });

  it('add up what several subscriptions hold, and refresh it without a message', async () => {
    const { bus, clock, metrics } = await memoryBus({ metrics: { collectInterval: '1s' } });
    const release = deferred();
    const groups = ['billing', 'shipping'];
    for (const group of groups) await bus.subscribeEnvelope('orders', () => release.promise, { group });
    for (let i = 0; i < 3; i++) await bus.publishEnvelope('orders', event(`order-${i}`));
    await clock.advance(1_000);
    expect(metrics.get('in_flight', 'orders')).toBe(6);
    expect(metrics.get('pool_active_keys')).toBe(6);
    release.resolve();
    await bus.idle();
    expect(metrics.get('in_flight', 'orders')).toBe(0);
  });

  it('that throw disturb nobody', async () => {
    const broken = new Proxy({} as MetricsCollector, {
      get: () => () => {
        throw new Error('broken collector');
      },
    });
    const { bus, clock } = await memoryBus({ ...probing }, { metrics: broken });
    let handled = 0;
    await bus.subscribeEnvelope('orders', () => void handled++);
    await bus.publishEnvelope('orders', event('order-1'));
    await bus.idle();
    await clock.advance(60_000);
    expect(handled).toBe(1);
    expect((await bus.health.report()).status).toBe('healthy');
  });
});
