import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { EventBusConfig } from '../config/types.js';
import type { CallOptions, DriverHost } from '../driver/driver.js';
import type { PartitionLag, SubscriptionSink, SubscriptionSpec } from '../driver/subscription.js';
import type { DriverTopicAdmin } from '../driver/topic-admin.js';
import { ConfigError, ConnectionError, EbusError } from '../errors.js';
import { definePlugin } from '../registry/plugin.js';
import { Registry } from '../registry/registry.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { ScriptedDriver, scriptedPlugin } from '../testing/scripted-driver.js';
import { deferred } from '../util/promise.js';
import { closeOnSignals } from './close-on-signals.js';
import { createEventBus } from './create-event-bus.js';
import { closeGlobal, getGlobal, initializeGlobal } from './global-bus.js';

const never = new Promise<never>(() => {});
const config = { type: 'scripted' } as unknown as EventBusConfig;

/** Connects when the test says so, and then does not heed its signal; or else gives up when that aborts. */
class SlowDriver extends ScriptedDriver {
  readonly connecting = deferred();
  heeds = true;
  attempts = 0;

  override async connect(host: DriverHost, options?: CallOptions): Promise<void> {
    this.host = host;
    await this.reconnect(options);
  }

  async reconnect(options?: CallOptions): Promise<void> {
    this.attempts++;
    await new Promise<void>((resolve, reject) => {
      this.connecting.promise.then(resolve, reject);
      const giveUp = () => reject(new ConnectionError('given up'));
      if (this.heeds) options?.signal.addEventListener('abort', giveUp);
    });
  }
}

function extension(parts: Record<string, () => unknown>) {
  return definePlugin({
    kind: 'extension',
    name: 'watcher',
    config: z.strictObject({}),
    create: () => parts as Record<string, () => void>,
  });
}

const withExtension = (parts: Record<string, () => unknown>, autoStart = false) =>
  scriptedBus({ watcher: {} } as object, { registry: new Registry().use(extension(parts)), autoStart });

const code = (error: unknown) => (EbusError.isInstance(error) ? error.code : String(error));
const outcomeOf = (promise: Promise<unknown>) => promise.then(() => 'ok', code);

describe('closing', () => {
  it('ends although everything that it asks hangs', async () => {
    class Hanging extends ScriptedDriver {
      override capability = { lag: true };
      override async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink) {
        const subscription = await super.subscribe(spec, sink);
        const lag = (): Promise<PartitionLag[]> => never;
        return Object.assign(subscription, { lag, stop: () => {}, close: () => never });
      }
      override close(): Promise<void> {
        return never;
      }
    }
    const hanging = extension({ closing: () => never, stop: () => never, close: () => never });
    const { bus, clock } = await scriptedBus(
      { subscriber: { backlogDetection: { enabled: true, checkInterval: 1_000 } }, watcher: {} } as object,
      { driver: new Hanging(), registry: new Registry().use(hanging) },
    );
    await bus.subscribe('orders', () => never);
    await clock.advance(1_000);
    const report = bus.close({ timeout: 100 });
    for (let i = 0; i < 100; i++) await clock.advance(100);
    expect(await report).toMatchObject({ timedOut: false });
  });

  it('gives up a question for the lag at once, also one that does not heed its signal', async () => {
    class Asked extends ScriptedDriver {
      signal: AbortSignal | undefined;
      override async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink) {
        const lag = ({ signal }: CallOptions): Promise<PartitionLag[]> => {
          this.signal = signal;
          return never;
        };
        return Object.assign(await super.subscribe(spec, sink), { lag });
      }
    }
    const driver = new Asked();
    const { bus, clock } = await scriptedBus(
      { subscriber: { backlogDetection: { enabled: true, checkInterval: 1_000 } } },
      { driver },
    );
    await bus.subscribe('orders', () => {});
    await clock.advance(1_000);
    expect(driver.signal?.aborted).toBe(false);
    await bus.close();
    expect(driver.signal?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('refuses wrong options, and goes on as before', async () => {
    const { bus } = await scriptedBus();
    const subscription = await bus.subscribe('orders', () => {});
    await expect(bus.close({ timeout: 'soon' as never })).rejects.toThrow(ConfigError);
    await expect(bus.close({ timeOut: 5 } as never)).rejects.toThrow("use 'timeout' instead");
    await expect(subscription.close({ timeout: -1 })).rejects.toThrow(ConfigError);
    expect(bus.connection.state().status).toBe('connected');
    await expect(bus.subscribe('orders', () => {})).rejects.toThrow('already subscribed');
    await bus.close();
  });

  it('shares one outcome among calls that come from within it', async () => {
    let within: Promise<unknown> | undefined;
    const { bus } = await scriptedBus();
    bus.on('unsubscribed', () => {
      within = bus.close();
    });
    await bus.subscribe('orders', () => {});
    const report = await bus.close();
    expect(await within).toBe(report);
  });

  it('ends what watches: health and backlog cannot be started again', async () => {
    const { bus, clock } = await scriptedBus();
    await bus.close();
    for (const one of [
      bus.health.publisher,
      bus.health.subscriber,
      bus.backlog.publisher,
      bus.backlog.subscriber,
    ])
      expect(await outcomeOf(one.start())).toBe('BUS_CLOSED');
    expect(await bus.health.report()).toMatchObject({ draining: true, ready: false });
    expect(clock.pending).toBe(0);
  });

  it('refuses what asks the broker about topics, and answers what does not', async () => {
    const { bus } = await scriptedBus();
    await bus.close();
    const { topics } = bus;
    for (const call of [
      topics.configure('orders', {}),
      topics.setPersistence('orders', true),
      topics.describe('orders'),
      topics.apply({}),
      topics.plan({}),
      topics.watch('/none.yaml'),
    ])
      expect(await outcomeOf(call)).toBe('BUS_CLOSED');
    expect([topics.list(), topics.forget('orders')]).toEqual([[], false]);
  });
});

describe('starting and stopping', () => {
  it('starts once for calls that come at once', async () => {
    const calls: string[] = [];
    const { bus } = await withExtension({ start: () => calls.push('start'), stop: () => calls.push('stop') });
    await Promise.all([bus.start(), bus.start(), bus.start()]);
    await bus.start();
    await Promise.all([bus.stop(), bus.stop()]);
    expect(calls).toEqual(['start', 'stop']);
    await bus.start();
    await bus.close();
    expect(calls).toEqual(['start', 'stop', 'start', 'stop']);
  });

  it('takes back a start that fails, and may be repeated', async () => {
    const calls: string[] = [];
    let broken = true;
    const { bus } = await withExtension({
      start: () => {
        calls.push('start');
        if (broken) throw new Error('port in use');
      },
      stop: () => calls.push('stop'),
    });
    await expect(bus.start()).rejects.toThrow('port in use');
    broken = false;
    await bus.start();
    expect(calls).toEqual(['start', 'stop', 'start']);
    await bus.close();
  });

  it('stops a start that is under way', async () => {
    const starting = deferred();
    const calls: string[] = [];
    const { bus, clock } = await withExtension({
      start: () => starting.promise,
      stop: () => calls.push('stop'),
    });
    const started = bus.start();
    await settle();
    const stopped = bus.stop();
    const again = bus.start();
    starting.resolve();
    await Promise.all([started, stopped, again]);
    expect(calls).toEqual(['stop']);
    await bus.close();
    expect(calls).toEqual(['stop', 'stop']);
    expect(clock.pending).toBe(0);
  });

  it('closes although a start hangs, which rejects', async () => {
    const start = vi.fn(() => never);
    const { bus, clock } = await withExtension({ start });
    const started = outcomeOf(bus.start());
    expect(start).toHaveBeenCalled();
    const closed = bus.close({ timeout: 100 });
    expect(await started).toBe('BUS_CLOSED');
    await clock.advance(10_000);
    await closed;
    expect(await outcomeOf(bus.start())).toBe('BUS_CLOSED');
  });
});

describe('connecting lazily', () => {
  const lazily = (driver: ScriptedDriver) =>
    scriptedBus({ connect: 'lazy', topics: { orders: {} } }, { driver });

  function admin(failures: Error[]): DriverTopicAdmin & { asked: number } {
    const all = {
      asked: 0,
      supports: new Set(),
      describe: async () => {
        all.asked++;
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        return undefined;
      },
      create: async () => true,
      alter: async () => {},
    };
    return all as unknown as DriverTopicAdmin & { asked: number };
  }

  it('tries topics again that were not applied, and stays connected meanwhile', async () => {
    const driver = new ScriptedDriver();
    const asking = admin([new ConnectionError('the controller moves'), new ConnectionError('it still does')]);
    driver.admin = asking;
    const { bus, clock } = await lazily(driver);
    await settle();
    expect(bus.connection.state().status).toBe('connected');
    await clock.advance(60_000);
    expect(asking.asked).toBe(3);
    await clock.advance(600_000);
    expect(asking.asked).toBe(3);
    await bus.close();
    expect(clock.pending).toBe(0);
  });

  it('says once where trying again does not help', async () => {
    const driver = new ScriptedDriver();
    driver.admin = admin([new EbusError('not allowed', { code: 'UNAUTHORIZED' })]);
    const { bus, clock, logged } = await lazily(driver);
    await settle();
    expect(bus.connection.state().status).toBe('connected');
    expect(logged.filter(({ level }) => level === 'error')).toHaveLength(1);
    await bus.close();
    expect(clock.pending).toBe(0);
  });

  it('has reconnect() wait for the first connection, and not pretend that there is one', async () => {
    const driver = new SlowDriver();
    const { bus } = await lazily(driver);
    let reconnected = false;
    const reconnecting = Promise.all([bus.connection.reconnect(), bus.connection.reconnect()]).then(() => {
      reconnected = true;
    });
    await settle();
    expect([reconnected, bus.connection.state().status]).toEqual([false, 'connecting']);
    driver.connecting.resolve();
    await reconnecting;
    expect(bus.connection.state()).toMatchObject({ status: 'connected', reconnects: 0 });
    expect(driver.attempts).toBe(1);
    await bus.close();
  });

  it('makes the next attempt at once when asked to', async () => {
    const driver = new SlowDriver();
    driver.connecting.reject(new ConnectionError('nobody there'));
    const { bus } = await lazily(driver);
    await settle();
    expect(driver.attempts).toBe(1);
    const reconnecting = outcomeOf(bus.connection.reconnect());
    await settle();
    expect(driver.attempts).toBe(2);
    await bus.close();
    expect(await reconnecting).toBe('BUS_CLOSED');
  });

  it('lets a caller of reconnect() give up, and goes on', async () => {
    const { bus } = await lazily(new SlowDriver());
    const abort = new AbortController();
    const reconnecting = outcomeOf(bus.connection.reconnect({ signal: abort.signal }));
    abort.abort();
    expect(await reconnecting).toBe('ABORTED');
    expect(bus.connection.state().status).toBe('connecting');
    await bus.close();
  });

  it('connects with reconnect() after the first connecting failed for good, and applies the topics then', async () => {
    class Refusing extends ScriptedDriver {
      connects = 0;
      override async connect(host: DriverHost): Promise<void> {
        this.host = host;
        if (this.connects++ === 0) throw new ConnectionError('wrong password', { retryable: false });
      }
    }
    const driver = new Refusing();
    const asking = admin([]);
    driver.admin = asking;
    const { bus } = await lazily(driver);
    await settle();
    expect(bus.connection.state().status).toBe('failed');
    expect(await outcomeOf(bus.subscribe('orders', () => {}))).toBe('CONNECTION_FAILED');
    await bus.connection.reconnect();
    await settle();
    expect(bus.connection.state()).toMatchObject({ status: 'connected', reconnects: 0 });
    expect([driver.connects, asking.asked]).toEqual([2, 1]);
    await bus.close();
  });
});

describe('creating', () => {
  it.each([true, false])('is given up with its signal; the driver heeds it: %s', async (heeds) => {
    const driver = new SlowDriver();
    driver.heeds = heeds;
    const abort = new AbortController();
    const creating = createEventBus(config, { plugins: [scriptedPlugin(driver)], signal: abort.signal });
    await settle();
    abort.abort();
    expect(await outcomeOf(creating)).toBe('ABORTED');
    expect(driver.closed).toBe(true);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
  });

  it('closes the driver where anything after it fails', async () => {
    const driver = new ScriptedDriver();
    const options = { plugins: [scriptedPlugin(driver)] };
    const metrics = { metrics: { enabled: true, type: 'none' } };
    await expect(createEventBus({ ...config, ...metrics } as EventBusConfig, options)).rejects.toThrow(
      'no metrics',
    );
    expect(driver.closed).toBe(true);
  });

  it('ends a connect that never answers', async () => {
    const driver = new SlowDriver();
    driver.heeds = false;
    const impatient = { ...config, connectTimeout: 20 } as EventBusConfig;
    const creating = createEventBus(impatient, { plugins: [scriptedPlugin(driver)] });
    await expect(creating).rejects.toThrow('no connection within 20 ms');
  });
});

describe('the global bus', () => {
  afterEach(closeGlobal);

  it('is given up by closeGlobal() while it is created, and may be created anew at once', async () => {
    const first = new SlowDriver();
    const creating = outcomeOf(initializeGlobal(config, { plugins: [scriptedPlugin(first)] }));
    await settle();
    const closing = closeGlobal();
    const second = initializeGlobal(config, { plugins: [scriptedPlugin(new ScriptedDriver())] });
    expect(await creating).toBe('BUS_CLOSED');
    expect(await closing).toBeUndefined();
    expect(first.closed).toBe(true);
    const bus = await second;
    expect(getGlobal()).toBe(bus);
    expect(getGlobal().connection.state().status).toBe('connected');
  });

  it('is never a closed one, at whatever moment it is closed', async () => {
    for (let turns = 0; turns < 30; turns++) {
      const driver = new ScriptedDriver();
      const creating = outcomeOf(initializeGlobal(config, { plugins: [scriptedPlugin(driver)] }));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await closeGlobal();
      await creating;
      expect(() => getGlobal()).toThrow('no global event bus');
      expect(driver.closed || driver.host === undefined).toBe(true);
    }
  });

  it('stays what it is when a creation that was given up fails later', async () => {
    const first = new SlowDriver();
    first.heeds = false;
    const creating = outcomeOf(initializeGlobal(config, { plugins: [scriptedPlugin(first)] }));
    await settle();
    void closeGlobal();
    const bus = await initializeGlobal(config, { plugins: [scriptedPlugin(new ScriptedDriver())] });
    first.connecting.reject(new Error('late'));
    await creating;
    expect(getGlobal()).toBe(bus);
  });
});

describe('closeOnSignals', () => {
  it.each<[unknown, unknown]>([
    [['SIGUSR2'], { timeout: 'soon' }],
    [['SIGUSR2'], { timeOut: 1 }],
    [['SIGNONE'], {}],
    [['SIGKILL'], {}],
    [['constructor'], {}],
    [[], {}],
    ['SIGUSR2', {}],
    [[7], {}],
  ])('refuses %j, %j when called', async (signals, options) => {
    const { bus } = await scriptedBus();
    expect(() => closeOnSignals(bus, signals as never, options as never)).toThrow(ConfigError);
    expect(process.listenerCount('SIGUSR2')).toBe(0);
    await bus.close();
  });

  it('refuses what is no bus', () => {
    expect(() => closeOnSignals({} as never)).toThrow(ConfigError);
  });

  it('takes its handlers off when the bus closes for another reason, and sets none on a closed one', async () => {
    const { bus } = await scriptedBus();
    closeOnSignals(bus, ['SIGUSR2', 'SIGUSR2']);
    expect(process.listenerCount('SIGUSR2')).toBe(1);
    await bus.close();
    expect(process.listenerCount('SIGUSR2')).toBe(0);
    closeOnSignals(bus, ['SIGUSR2'])();
    expect(process.listenerCount('SIGUSR2')).toBe(0);
  });
});
