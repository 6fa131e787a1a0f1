/** The machine's owner sets its clock: nothing but what is written may change. */
import { memory } from '@ebus/memory';
import { afterEach, describe, expect, it } from 'vitest';
import type { CommonConfig } from '../config/types.js';
import { KeyedPool } from '../keyed-pool/keyed-pool.js';
import { ManualClock } from '../testing/manual-clock.js';
import { closed, type ScriptedBus, scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError, ScriptedDriver } from '../testing/scripted-driver.js';
import { createEventBus } from './create-event-bus.js';
import type { EventBus } from './event-bus.js';

const HOUR = 3_600_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const open: { bus: EventBus; clock: ManualClock }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await closed(one, { timeout: 0 });
});

async function scripted(config: CommonConfig = {}, driver = new ScriptedDriver()): Promise<ScriptedBus> {
  const all = await scriptedBus(config, { driver });
  open.push(all);
  return all;
}

async function inMemory(config: CommonConfig = {}) {
  const clock = new ManualClock();
  const options = { plugins: [memory], clock, logger: silent };
  const bus = await createEventBus({ type: 'memory', serviceName: 'orders', ...config }, options);
  open.push({ bus, clock });
  return { bus, clock };
}

/** The code of what it rejects with; undefined while it is pending. */
function watch(work: Promise<unknown>) {
  const seen: { code?: string; done: boolean } = { done: false };
  work.then(
    () => {
      seen.done = true;
    },
    (error: { code: string }) => Object.assign(seen, { code: error.code, done: true }),
  );
  return seen;
}

describe.each([
  ['back an hour', -HOUR],
  ['forward an hour', HOUR],
])('a clock that is set %s', (_, jump) => {
  it('leaves publish timeouts as they are', async () => {
    const { bus, clock } = await scripted({ publisher: { publishTimeout: 10_000 } });
    const before = watch(bus.publish('orders', 'a'));
    clock.setWall(jump);
    const after = watch(bus.publish('orders', 'b'));
    await clock.advance(9_999);
    expect([before.done, after.done]).toEqual([false, false]);
    await clock.advance(1);
    expect([before.code, after.code]).toEqual(['PUBLISH_TIMEOUT', 'PUBLISH_TIMEOUT']);
  });

  it('leaves retries of publishes and their backoff', async () => {
    const errorHandling = { retryBackoffBase: 1_000, retryBackoffMax: 1_000 };
    const { bus, driver, clock } = await scripted({ publisher: { errorHandling } });
    const done = watch(bus.publish('orders', 'a', { timeout: '30s' }));
    driver.sends[0]?.fail(clientError('not leader', true));
    await settle();
    clock.setWall(jump);
    await clock.advance(1_000);
    expect(driver.texts).toEqual(['a', 'a']);
    driver.sends[1]?.ack();
    await settle();
    expect(done).toEqual({ done: true });
  });

  it('leaves the rate limit of publishes', async () => {
    const rateLimit = { enabled: true, ratePerSecond: 1, burstSize: 1 };
    const { bus, driver, clock } = await scripted({ publisher: { rateLimit } });
    for (const text of ['a', 'b', 'c']) void bus.publish('orders', text).catch(() => {});
    expect(driver.texts).toEqual(['a']);
    clock.setWall(jump);
    await clock.advance(999);
    expect(driver.texts).toEqual(['a']);
    await clock.advance(1);
    expect(driver.texts).toEqual(['a', 'b']);
  });

  it('leaves the time of handlers, their retries and their rate limit', async () => {
    const { bus, clock } = await inMemory();
    const began: number[] = [];
    const started = clock.monotonic();
    await bus.subscribe(
      'orders',
      async (_message, { signal }) => {
        began.push(clock.monotonic() - started);
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      {
        processingTimeout: '2s',
        maxRetries: 2,
        retryBackoff: { base: 5_000, max: 5_000, jitter: false },
        rateLimit: { perSecond: 0.5, burst: 1 },
        onExhausted: 'discard',
      },
    );
    await bus.publish('orders', 'x');
    await bus.publish('orders', 'y');
    await settle();
    clock.setWall(jump);
    await clock.advance(8_000);
    clock.setWall(-2 * jump);
    await clock.advance(12_000);
    // There is a token every two seconds; a handler ends after two, and is tried again five later.
    expect(began.slice(0, 4)).toEqual([0, 2_000, 7_000, 9_000]);
  });

  it('leaves the renewal of leases', async () => {
    const driver = new ScriptedDriver();
    driver.leaseMs = 3_000;
    const { bus, clock } = await scripted({}, driver);
    await bus.subscribe('orders', () => new Promise(() => {}));
    driver.subscriptions[0]?.deliver({ value: 'a' });
    await settle();
    clock.setWall(jump);
    await clock.advance(3_000);
    expect(driver.subscriptions[0]?.extended.length).toBeGreaterThanOrEqual(2);
    expect(driver.subscriptions[0]?.extended.length).toBeLessThanOrEqual(4);
  });

  it('leaves the pool, idle() and close() their limits', async () => {
    const { bus, clock } = await inMemory();
    const pool = new KeyedPool({ concurrency: 1, queueSize: 1, waitTimeout: 500, clock });
    void pool.run('k', () => new Promise(() => {}));
    void pool.run('k', () => {});
    const turnedAway = watch(pool.run('k', () => {}));
    await bus.subscribe('orders', () => new Promise(() => {}));
    await bus.publish('orders', 'x');
    const idle = watch(bus.idle({ timeout: '5s' }));
    await settle();
    clock.setWall(jump);
    await clock.advance(500);
    expect(turnedAway.code).toBe('POOL_FULL');
    await clock.advance(4_499);
    expect(idle.done).toBe(false);
    await clock.advance(1);
    expect(idle.code).toBe('IDLE_TIMEOUT');
    const closing = watch(bus.close({ timeout: '10s' }));
    clock.setWall(-2 * jump);
    await clock.advance(9_000);
    expect(closing.done).toBe(false);
    await clock.advance(20_000);
    expect(closing.done).toBe(true);
  });

  it('leaves health and the age of what is in flight', async () => {
    const { bus, clock } = await inMemory({
      healthCheck: {
        enabled: true,
        publisher: { interval: '1m', timeout: '5s' },
        subscriber: { monitorInterval: '10s' },
      },
    });
    const alerts: unknown[] = [];
    bus.on('healthAlert', (alert) => void alerts.push(alert));
    const subscription = await bus.subscribe('orders', () => new Promise(() => {}), {
      processingTimeout: '10m',
    });
    await bus.publish('orders', 'x');
    await clock.advance(130_000);
    clock.setWall(jump);
    expect(subscription.stats().oldestInFlightMs).toBe(130_000);
    await clock.advance(300_000);
    expect(alerts).toEqual([]);
    expect(await bus.health.report()).toMatchObject({ status: 'healthy' });
    expect(bus.health.publisher.status()).toMatchObject({ consecutiveFailures: 0 });
    expect(bus.health.subscriber.stats()).toMatchObject({ received: 8, consecutiveMisses: 0 });
    await clock.advance(HOUR);
    // By then the handler had its ten minutes.
    expect((await bus.health.report()).status).toBe('unhealthy');
  });

  it('leaves the backlog', async () => {
    const backlogDetection = { enabled: true, maxTimeThreshold: '1m', checkInterval: '10s' } as const;
    const { bus, clock } = await inMemory({ subscriber: { backlogDetection } });
    const seen: unknown[] = [];
    bus.on('subscriberBacklog', (state) => void seen.push(state));
    await bus.subscribe('orders', () => new Promise(() => {}), { processingTimeout: '10m' });
    await bus.publish('orders', 'x');
    await clock.advance(20_000);
    clock.setWall(jump);
    await clock.advance(40_000);
    expect(seen).toEqual([]);
    await clock.advance(10_000);
    expect(seen).toMatchObject([{ hasBacklog: true, lagTimeMs: 70_000 }]);
  });
});

it('changes what is written', async () => {
  const { bus, driver, clock } = await scripted();
  const stamps: string[] = [];
  for (const jump of [0, -HOUR, 2 * HOUR]) {
    clock.setWall(jump);
    const envelope = { aggregateId: 'a', eventType: 'T', eventVersion: 1, payload: {} };
    void bus.publishEnvelope('orders', envelope).catch(() => {});
    stamps.push(JSON.parse(driver.texts.at(-1) ?? '').timestamp);
    driver.sends.at(-1)?.ack();
    await settle();
  }
  expect(stamps.map((stamp) => Date.parse(stamp) - Date.UTC(2024, 0, 1))).toEqual([0, -HOUR, HOUR]);
});
