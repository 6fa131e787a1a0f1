import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { EventBusConfig } from '../config/types.js';
import { ConfigError, ConnectionError, PluginError } from '../errors.js';
import { InMemoryMetricsCollector } from '../metrics/in-memory.js';
import { definePlugin } from '../registry/plugin.js';
import { Registry } from '../registry/registry.js';
import { scriptedBus } from '../testing/scripted-bus.js';
import { ScriptedDriver, scriptedPlugin } from '../testing/scripted-driver.js';
import { createEventBus } from './create-event-bus.js';

const plugins = () => [scriptedPlugin(new ScriptedDriver())];
const create = (config: object, options: object = {}) =>
  createEventBus({ type: 'scripted', ...config } as unknown as EventBusConfig, {
    plugins: plugins(),
    ...options,
  });

describe('a configuration that cannot be', () => {
  it('names the package to install for an unknown type, and what is registered', async () => {
    const failing = create({ type: 'kafka' });
    await expect(failing).rejects.toThrow(PluginError);
    await expect(create({ type: 'kafka' })).rejects.toThrow(
      "no transport named 'kafka' is registered; install @ebus/kafka and pass it in plugins (registered: scripted)",
    );
    await expect(create({ type: undefined })).rejects.toThrow("needs a 'type'");
    await expect(createEventBus(undefined as unknown as EventBusConfig)).rejects.toThrow(ConfigError);
  });

  it('is refused with every problem at once, where it is and what is allowed', async () => {
    const config = {
      serviceNam: 'orders',
      publisher: { maxInFlight: -1, publishTimeout: 'soon', errorHandling: { maxRetryAttempt: 3 } },
      tracing: { sampleRate: 2 },
    };
    const error = await create(config).catch((caught: unknown) => caught);
    expect(ConfigError.isInstance(error)).toBe(true);
    const problems = Object.fromEntries(
      (error as ConfigError).problems.map(({ path, message }) => [path, message]),
    );
    expect(Object.keys(problems).sort()).toEqual([
      'publisher.errorHandling.maxRetryAttempt',
      'publisher.maxInFlight',
      'publisher.publishTimeout',
      'serviceNam',
      'tracing.sampleRate',
    ]);
    expect(problems.serviceNam).toBe("unknown key, did you mean 'serviceName'?");
    expect(problems['publisher.errorHandling.maxRetryAttempt']).toBe(
      "unknown key, did you mean 'maxRetryAttempts'?",
    );
    expect(problems['publisher.maxInFlight']).toContain('got -1');
    expect(problems['publisher.publishTimeout']).toContain('soon');
    expect((error as Error).message).toContain('serviceNam: unknown key');
  });

  it('never shows a secret', async () => {
    const secretive = definePlugin({
      kind: 'transport',
      name: 'secretive',
      config: z.strictObject({ password: z.string().min(20), token: z.number() }),
      create: () => new ScriptedDriver(),
    });
    const config = { type: 'secretive', secretive: { password: 'hunter2', token: 'tok-1234' } };
    const error = await create(config, { plugins: [secretive] }).catch((caught: unknown) => caught);
    expect((error as ConfigError).problems.map(({ path }) => path)).toEqual([
      'secretive.password',
      'secretive.token',
    ]);
    expect(String((error as Error).message)).not.toMatch(/hunter2|tok-1234/);
  });

  it('includes options of createEventBus that do not exist', async () => {
    await expect(create({}, { pluginz: [] })).rejects.toThrow(
      "unknown option 'pluginz', did you mean 'plugins'?",
    );
  });

  it('includes topics, each option checked, before anything is created on the broker', async () => {
    const topics = { orders: { retention: '-1d', partition: 3 }, 'no spaces': {} };
    await expect(create({ topics })).rejects.toThrow(/topics\.orders\.partition/);
    await expect(create({ topics: { 'no spaces': {} } })).rejects.toThrow('topic name cannot contain spaces');
  });
});

describe('connecting', () => {
  it('rejects with ConnectionError and leaves nothing behind', async () => {
    const driver = new ScriptedDriver();
    driver.connectError = new Error('ECONNREFUSED 127.0.0.1:1');
    const failing = createEventBus({ type: 'scripted' } as unknown as EventBusConfig, {
      plugins: [scriptedPlugin(driver)],
    });
    await expect(failing).rejects.toThrow(ConnectionError);
    await expect(failing).rejects.toThrow('cannot connect to scripted: ECONNREFUSED 127.0.0.1:1');
    expect(driver.closed).toBe(true);
  });

  it('follows the state that the client reports, and counts losses', async () => {
    const { bus, driver } = await scriptedBus();
    const events: string[] = [];
    for (const event of ['reconnecting', 'connected', 'disconnected'] as const)
      bus.on(event, () => void events.push(event));
    expect(bus.connection.state()).toMatchObject({ status: 'connected', reconnects: 0 });
    driver.host?.onState({ status: 'reconnecting', cause: new Error('cut') });
    expect(bus.connection.state()).toMatchObject({ status: 'reconnecting', lastError: new Error('cut') });
    driver.host?.onState({ status: 'connected' });
    expect(bus.connection.state()).toMatchObject({ status: 'connected', reconnects: 1 });
    expect(bus.metrics()).toMatchObject({ connectionErrors: 1, activeConnections: 1 });
    await bus.close();
    expect(bus.connection.state().status).toBe('closed');
    expect(events).toEqual(['reconnecting', 'connected', 'disconnected']);
  });
});

describe('plug-ins', () => {
  it('may be given in a registry, in plugins, or both', async () => {
    const plugin = scriptedPlugin(new ScriptedDriver());
    const registry = new Registry().use(plugin);
    const bus = await create({}, { registry, plugins: [plugin] });
    expect(bus.type).toBe('scripted');
    expect(plugin.native(bus)).toBe('the native client');
    await bus.close();
  });

  it('give their client only for buses of their own', async () => {
    const { bus } = await scriptedBus();
    const other = definePlugin({ ...scriptedPlugin(new ScriptedDriver()), name: 'other' });
    expect(() => other.native(bus)).toThrow("event bus of type 'scripted'");
    expect(() => other.native({})).toThrow('made by createEventBus');
  });

  it('of kind extension live with the bus whose configuration names them', async () => {
    const calls: string[] = [];
    const extension = definePlugin({
      kind: 'extension',
      name: 'audit',
      config: z.strictObject({ level: z.number().default(1) }),
      create: (_bus, { level }) => ({
        start: () => void calls.push(`start ${level}`),
        stop: () => void calls.push('stop'),
        closing: () => void calls.push('closing'),
        close: () => {
          calls.push('close');
          throw new Error('an extension that fails does not keep the bus from closing');
        },
      }),
    });
    const without = await create({}, { plugins: [...plugins(), extension] });
    await without.close();
    expect(calls).toEqual([]);
    const { bus, logged } = await scriptedBus({ audit: {} } as object, {
      driver: new ScriptedDriver(),
      registry: new Registry().use(extension),
    });
    await bus.start();
    await bus.close();
    expect(calls).toEqual(['start 1', 'closing', 'stop', 'close']);
    expect(logged.at(-1)?.args[1]).toContain('a step failed');
  });

  it('of kind metrics are selected by the configuration, and get the namespace', async () => {
    const collector = new InMemoryMetricsCollector();
    let given: unknown;
    const plugin = definePlugin({
      kind: 'metrics',
      name: 'prometheus',
      config: z.object({ namespace: z.string() }),
      create: (config) => {
        given = config;
        return collector;
      },
    });
    const bus = await create(
      { metrics: { enabled: true, namespace: 'shop' } },
      { plugins: [...plugins(), plugin] },
    );
    expect(given).toEqual({ namespace: 'shop' });
    expect(collector.get('connected')).toBe(1);
    await bus.close();
    await expect(create({ metrics: { enabled: true } })).rejects.toThrow("no metrics named 'prometheus'");
  });

  it('must have been written for this version of the driver interface', async () => {
    const old = { ...new ScriptedDriver(), specVersion: 0 } as unknown as ScriptedDriver;
    await expect(create({}, { plugins: [scriptedPlugin(old)] })).rejects.toThrow(
      'version 0 of the driver interface',
    );
  });
});

it('survives a metrics collector that throws, and says so once', async () => {
  const broken = new Proxy(new InMemoryMetricsCollector(), {
    get: () => () => {
      throw new Error('broken collector');
    },
  });
  const { bus, driver, logged } = await scriptedBus({}, { metrics: broken });
  const sent = bus.publish('orders', 'a');
  driver.sends[0]?.ack();
  await expect(sent).resolves.toMatchObject({ topic: 'orders' });
  await bus.close();
  const said = logged.map(({ args }) => String(args[1])).filter((text) => text.includes('collector'));
  expect(said).toEqual(['the metrics collector throws; figures are incomplete']);
});
