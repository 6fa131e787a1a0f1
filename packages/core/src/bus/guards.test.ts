/** Foreign code that throws: it is told about, and never ends the process. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommonConfig } from '../config/types.js';
import type { DriverSubscription, SubscriptionSink, SubscriptionSpec } from '../driver/subscription.js';
import { ConfigError } from '../errors.js';
import { InMemoryMetricsCollector } from '../metrics/in-memory.js';
import { ManualClock } from '../testing/manual-clock.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';

const ended: unknown[] = [];
const note = (error: unknown) => void ended.push(error);
beforeEach(() => {
  ended.length = 0;
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
});
afterEach(async () => {
  await settle();
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  expect(ended).toEqual([]);
});

const broken = () => {
  throw new Error('foreign code');
};

/** A driver of which these methods of its subscriptions throw. */
function driverWith(parts: Partial<Record<keyof DriverSubscription, unknown>>): ScriptedDriver {
  class Broken extends ScriptedDriver {
    override leaseMs = 3_000;
    override async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink) {
      return Object.assign(await super.subscribe(spec, sink), parts);
    }
  }
  return new Broken();
}

describe('a driver that throws', () => {
  it('in extendLease is told about, and asked again', async () => {
    let asked = 0;
    const extendLease = () => {
      asked++;
      broken();
    };
    const driver = driverWith({ extendLease });
    const { bus, clock, logged } = await scriptedBus({}, { driver });
    await bus.subscribe('orders', () => new Promise(() => {}));
    await settle();
    driver.subscriptions[0]?.deliver({ value: 'a' });
    await settle();
    await clock.advance(3_000);
    expect(asked).toBe(3);
    expect(logged.filter(({ args }) => String(args[1]).includes('leases could not be renewed'))).not.toEqual(
      [],
    );
  });

  it('in request is told about', async () => {
    const driver = driverWith({ request: broken });
    const { bus, logged } = await scriptedBus({}, { driver });
    await bus.subscribe('orders', () => {});
    expect(logged.map(({ args }) => args[1])).toContain('fetching failed; trying again');
    await bus.close();
    expect(driver.subscriptions[0]?.closed).toBe(true);
  });

  it.each(['stop', 'close', 'settle'] as const)('in %s does not keep a bus from closing', async (method) => {
    const driver = driverWith({ [method]: broken });
    const { bus } = await scriptedBus({}, { driver });
    await bus.subscribe('orders', () => {});
    await settle();
    const [subscription] = driver.subscriptions;
    subscription?.deliver({ value: 'a' });
    await settle();
    const closed = bus.close({ timeout: 0 });
    await settle();
    await closed;
  });

  it('in classify has the error told all the same', async () => {
    class Broken extends ScriptedDriver {
      override classify(): never {
        return broken() as never;
      }
    }
    const driver = new Broken();
    const { bus } = await scriptedBus({}, { driver });
    const sent = bus.publish('orders', 'a').catch((error: unknown) => error);
    driver.sends[0]?.fail(new Error('refused'));
    expect(await sent).toMatchObject({ code: 'PUBLISH_FAILED', retryable: false });
    await bus.close();
  });

  it('by pushing nothing, or what is no message, is told about, and gets no error itself', async () => {
    const { bus, driver, logged } = await scriptedBus();
    await bus.subscribe('orders', () => {});
    const { sink } = driver.subscriptions[0]!;
    sink.push([]);
    expect(logged).toEqual([]);
    sink.push([{} as never]);
    expect(logged.map(({ args }) => args[1])).toEqual(['fetching failed; trying again']);
    await bus.close({ timeout: 0 });
  });
});

describe('functions of the application that throw or reject', () => {
  const rejects = () => Promise.reject(new Error('foreign code'));

  it.each([
    ['throw', broken],
    ['reject', rejects],
    [
      'reject as a thenable',
      // biome-ignore lint/suspicious/noThenProperty: it is what is tried here
      () => ({ then: (_: unknown, no: (error: Error) => void) => no(new Error('no')) }),
    ],
  ])('listeners, onError, middleware and collectors that %s', async (_how, foreign) => {
    const metrics = new Proxy(new InMemoryMetricsCollector(), { get: () => foreign });
    const { bus, driver } = await scriptedBus(
      { publisher: { errorHandling: { maxRetryAttempts: 0 } } },
      { metrics },
    );
    for (const event of ['published', 'publishFailed', 'handlerError', 'connected', 'error'] as const)
      bus.on(event, foreign as never);
    const sent = bus.publish('orders', 'a').catch(() => {});
    const lost = bus.publish('orders', 'b').catch(() => {});
    driver.sends[0]?.ack();
    driver.sends[1]?.fail(new Error('refused'));
    await Promise.all([sent, lost]);
    await bus.subscribe('orders', broken, {
      maxRetries: 0,
      onExhausted: 'discard',
      onError: foreign as never,
    });
    await settle();
    driver.subscriptions[0]?.deliver({ value: 'a' });
    await settle();
    expect(driver.subscriptions[0]?.settled).toHaveLength(1);
    await bus.close();
  });

  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  it.each([
    ['throws a proxy that throws', () => Promise.reject(new Proxy({}, { get: broken, has: broken }))],
    ['throws a proxy whose properties throw', () => Promise.reject(new Proxy({}, { get: broken }))],
    [
      'throws a revoked proxy',
      () => {
        throw revoked.proxy;
      },
    ],
    ['returns something whose then throws', () => Object.defineProperty({}, 'then', { get: broken })],
  ])('a handler that %s has failed', async (_how, handler) => {
    const { bus, driver } = await scriptedBus();
    await bus.subscribe('orders', handler, { maxRetries: 0, onExhausted: 'discard' });
    await settle();
    driver.subscriptions[0]?.deliver({ value: 'a' });
    await settle();
    expect(driver.subscriptions[0]?.settled).toHaveLength(1);
    expect(bus.metrics().consumeErrors).toBe(1);
    await bus.close();
  });

  it('middleware that does not wait for next()', async () => {
    const { bus, driver } = await scriptedBus();
    bus.use({
      consume: async (_context, next) => void next(),
      publish: async (record, next) => {
        void next();
        return { topic: record.topic };
      },
    });
    await bus.subscribe('orders', broken);
    await settle();
    driver.subscriptions[0]?.deliver({ value: 'a' });
    const sent = bus.publish('orders', 'a');
    await settle();
    driver.sends[0]?.fail(new Error('refused'));
    await sent;
    await bus.close({ timeout: 0 });
  });

  it.each([
    ['throw', broken],
    ['reject', rejects],
  ])('metrics() of health checks, and redact, that %s', async (_how, foreign) => {
    const { bus, logged } = await scriptedBus({}, { redact: foreign as never });
    bus.health.register({ name: 'stock', check: async () => {}, metrics: foreign as never });
    expect((await bus.health.report()).business).toEqual([{ name: 'stock', status: 'healthy' }]);
    expect(logged.filter(({ level }) => level === 'warn')).toHaveLength(1);
    await bus.close();
  });

  it('timers of a clock that is given', async () => {
    const clock = new ManualClock();
    const { bus, driver, logged } = await scriptedBus({}, { clock });
    driver.host?.clock.setTimeout(broken, 10);
    await clock.advance(10);
    expect(logged.map(({ args }) => args[1])).toContain('a timer failed; what it was for may not go on');
    await bus.close();
  });
});

describe('names of topics that are used much later', () => {
  const names: [string, CommonConfig][] = [
    [
      'publisher.errorHandling.deadLetterTopic',
      { publisher: { errorHandling: { deadLetterTopic: 'no topic' } } },
    ],
    [
      'subscriber.errorHandling.deadLetterTopic',
      { subscriber: { errorHandling: { deadLetterTopic: 'no topic' } } },
    ],
    ['healthCheck.publisher.topic', { healthCheck: { publisher: { topic: 'no topic' } } }],
    ['healthCheck.subscriber.topic', { healthCheck: { subscriber: { topic: 'no topic' } } }],
    ['healthCheck.subscribers[1].topic', { healthCheck: { subscribers: [{}, { topic: 'no topic' }] } }],
  ];
  it.each(names)('%s is checked when the bus is created', async (path, config) => {
    const driver = new ScriptedDriver();
    const error = await scriptedBus(config, { driver }).catch((caught: unknown) => caught);
    expect(ConfigError.isInstance(error) && error.problems.map((problem) => problem.path)).toEqual([path]);
    expect(driver.closed).toBe(true);
  });

  it.each([{ onExhausted: 'halt' }, { onExhausted: 'discard', onError: () => 'dead-letter' }] as const)(
    'also where only skipHalted() or onError would use it: %j',
    async (options) => {
      const { bus } = await scriptedBus();
      await expect(bus.subscribe('t'.repeat(254), () => {}, options as never)).rejects.toThrow('too long');
      await bus.close();
    },
  );
});
