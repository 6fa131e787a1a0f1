// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of configurations look like that
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { createEventBus } from '../bus/create-event-bus.js';
import { ConfigError, PluginError } from '../errors.js';
import { definePlugin } from '../registry/plugin.js';
import type { TopicOptions } from '../topics/types.js';
import { parseConfig } from './load-config.js';
import { parseObject } from './parse-object.js';
import type { ParseConfigOptions } from './parse-options.js';
import type { topicSchema } from './topics-schema.js';
import type { CommonConfig, EventBusConfig } from './types.js';

/** As the Kafka adapter has it. */
const broker = definePlugin({
  kind: 'transport',
  name: 'broker',
  config: z.strictObject({
    consumer: z
      .strictObject({ groupId: z.string().optional(), topics: z.array(z.string()).default([]) })
      .prefault({}),
    security: z
      .strictObject({ password: z.string().min(20).optional(), enabled: z.boolean().optional() })
      .optional(),
    raw: z.record(z.string(), z.unknown()).optional(),
  }),
  create: () => {
    throw new Error('not for use');
  },
});

const parse = (config: unknown, options: ParseConfigOptions = {}) =>
  parseObject(config, { plugins: [memory, nats, broker], env: {}, ...options }) as unknown;

function problemsOf(config: unknown, options: ParseConfigOptions = {}): string[] {
  try {
    parse(config, options);
  } catch (error) {
    if (!ConfigError.isInstance(error)) throw error;
    return error.problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  }
  return [];
}

describe('parseConfig', () => {
  it('returns what createEventBus takes, without changing the object', async () => {
    const config = {
      eventbus: { type: 'memory', topics: { orders: { retention: '1d' } }, serviceName: undefined },
    };
    const before = structuredClone(config);
    const parsed = await parseConfig(config, { plugins: [memory] });
    expect(config).toEqual(before);
    expect(parsed).toEqual({ type: 'memory', topics: { orders: { retention: '1d' } } });
    expect(await parseConfig(parsed, { plugins: [memory] })).toEqual(parsed);
    await using bus = await createEventBus(parsed, { plugins: [memory] });
    expect(bus.topics.get('orders').retention).toBe('1d');
  });

  it('lists every problem with its path, what is there and what is allowed', () => {
    const config = {
      type: 'broker',
      serviceName: '',
      publisher: { maxInFlight: 0, publishTimeout: 'soon', rateLimit: { enabled: 'yes' } },
      subscriber: [],
      connect: 'later',
      tracing: null,
      broker: { consumer: { groupid: 'a', topics: 'orders' } },
      topics: { 'no spaces': {}, orders: { retension: '7d', compression: 'rar', replicas: 1.5 } },
    };
    expect(problemsOf(config).sort()).toEqual([
      "broker.consumer.groupid: unknown key, did you mean 'groupId'?",
      'broker.consumer.topics: must be a list, got "orders": put it in brackets, [ … ], one item for each',
      `connect: must be one of 'eager', 'lazy', got "later"`,
      'publisher.maxInFlight: must be more than 0, got 0',
      "publisher.publishTimeout: invalid duration \"soon\": use milliseconds as a number that is not negative, or text such as '500ms', '1.5s', '2m', '1h30m', '7d'",
      'publisher.rateLimit.enabled: must be true or false, got "yes"',
      'subscriber: must be an object, got a list',
      "topics.no spaces: invalid topic name 'no spaces': topic name cannot contain spaces",
      `topics.orders.compression: must be one of 'none', 'gzip', 'snappy', 'lz4', 'zstd', got "rar"`,
      'topics.orders.replicas: must be a whole number, got 1.5',
      "topics.orders.retension: unknown key, did you mean 'retention'?",
      'tracing: must be an object, got nothing',
    ]);
  });

  it('says in the message what it says in the problems, and keeps that readable', () => {
    const wrong = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`orders.${i}`, { partition: i }]));
    expect(() => parse({ type: 'memory', topics: wrong })).toThrow(
      /^the configuration is wrong:\n {2}topics\.orders\.0\.partition: unknown key, did you mean 'partitions'\?\n.*\n {2}and 10 more$/s,
    );
    expect(problemsOf({ type: 'memory', topics: wrong })).toHaveLength(60);
    expect(() => parse({ type: 'memory', x1: 1 })).toThrow(
      'the configuration is wrong: x1: unknown key; if it belongs to a plug-in, pass that in plugins (registered: memory, nats, broker)',
    );
  });

  it('names the package to install for an unknown type, and asks for a missing one', () => {
    expect(() => parse({ type: 'kafka' })).toThrow(PluginError);
    expect(() => parse({ type: 'kafka' })).toThrow(
      "no transport named 'kafka' is registered; install @ebus/kafka and pass it in plugins (registered: memory, nats, broker)",
    );
    expect(problemsOf({ tpye: 'memory' })).toEqual([
      "type: the configuration needs a 'type' that names a transport, such as { type: 'memory' }",
      "tpye: unknown key, did you mean 'type'?",
    ]);
    expect(problemsOf({ eventBus: { type: 'memory' } })).toContain(
      "eventBus: unknown key, did you mean 'eventbus'?",
    );
    for (const config of [undefined, null, 'memory', [], 5]) {
      expect(() => parse(config)).toThrow("must be an object that needs a 'type'");
    }
  });

  it('checks sections of other transports too, so that changing the type is enough to move', () => {
    const config = { type: 'memory', nats: { urls: ['nats://localhost:4222'] }, memory: { bufferSize: 5 } };
    expect(parse(config)).toEqual(config);
    expect(parse({ ...config, type: 'nats' })).toMatchObject({ type: 'nats' });
    expect(problemsOf({ ...config, nats: { urls: [] } })).toHaveLength(1);
    expect(problemsOf({ type: 'nats' })).toEqual([
      'nats.urls: is missing: it must be a list. Servers: `nats://host:4222` or `tls://host:4222`. Required.',
    ]);
  });

  it('accepts the names and forms of the Go configuration files', () => {
    const config = {
      type: 'broker',
      monitoring: { enabled: false },
      broker: { consumer: { groupID: 'shop' }, raw: { groupID: 'stays' } },
      topics: [{ name: 'orders', persistenceMode: 'persistent', retentionTime: '168h' }, { name: 'groupID' }],
    };
    expect(parse(config)).toEqual({
      type: 'broker',
      metrics: { enabled: false },
      broker: { consumer: { groupId: 'shop' }, raw: { groupID: 'stays' } },
      topics: { orders: { persistence: 'persistent', retention: '168h' }, groupID: {} },
    });
    const twice = { monitoring: {}, metrics: {}, topics: [{ name: 'a' }, { name: 'a' }, {}, 'b'] };
    expect(problemsOf({ type: 'memory', ...twice })).toEqual([
      "monitoring: is another name for 'metrics', which is there as well",
      "topics.1.name: there is another topic named 'a'",
      'topics.2.name: must be the name of the topic',
      "topics.3: must be a topic with a 'name'",
    ]);
  });

  it('expands variables: text stays text, numbers and switches become what the key wants', () => {
    const env = { FLIGHT: '5', ON: 'true', PIN: '0123', WAIT: '250', HOST: 'db' };
    const config = {
      type: '${TYPE:-nats}',
      serviceName: '${PIN}',
      publisher: { maxInFlight: '${FLIGHT}', publishTimeout: '${WAIT}', initialBackoff: '${WAIT}ms' },
      nats: {
        urls: ['nats://${HOST}:4222'],
        security: { enabled: '${ON}', username: 'me', password: '${PIN}' },
      },
    };
    expect(parse(config, { env })).toEqual({
      type: 'nats',
      serviceName: '0123',
      publisher: { maxInFlight: 5, publishTimeout: 250, initialBackoff: '250ms' },
      nats: { urls: ['nats://db:4222'], security: { enabled: true, username: 'me', password: '0123' } },
    });
    const wrong = { type: 'nats', publisher: { maxInFlight: '${HOST}' }, nats: { urls: ['${NOPE}'] } };
    expect(problemsOf(wrong, { env })).toEqual([
      "nats.urls.0: the environment variable 'NOPE' is not set, and there is no default",
      'publisher.maxInFlight: must be a number, got "db" (from the variable HOST)',
    ]);
  });

  it('does not expand what code passes to createEventBus', async () => {
    const config = { type: 'memory', serviceName: '${HOME}' } as const;
    await using bus = await createEventBus(config, { plugins: [memory] });
    expect(bus.serviceName).toBe('${HOME}');
  });

  it('merges overrides over everything', () => {
    const config = { type: 'memory', environments: { test: { memory: { bufferSize: 1 } } } };
    const overrides = { serviceName: 'other', memory: { maxChannelSize: 7 }, environment: 'test' };
    expect(parse(config, { overrides })).toEqual({
      type: 'memory',
      serviceName: 'other',
      environment: 'test',
      memory: { bufferSize: 1, maxChannelSize: 7 },
    });
    expect(problemsOf(config, { overrides: { serviceNam: 'x' } as object })).toEqual([
      "serviceNam: unknown key, did you mean 'serviceName'?",
    ]);
  });

  it('refuses options of its own that do not exist', async () => {
    await expect(parseConfig({ type: 'memory' }, { enviroment: 'x' } as object)).rejects.toThrow(
      "parseConfig: unknown option 'enviroment', did you mean 'environment'?",
    );
  });
});

describe('environments', () => {
  const config = {
    type: 'memory',
    environment: 'test',
    publisher: { initialBackoff: '1s', maxBackoff: '2s' },
    topics: { orders: { retention: '7d', replicas: 1 }, bills: {} },
    environments: {
      production: { type: 'nats', nats: { urls: ['nats://a:4222'] }, topics: { orders: { replicas: 3 } } },
      test: { publisher: { maxBackoff: '5s' }, monitoring: { enabled: false } },
      tiny: { orders: { retention: '1h' }, 'extra.topic': {} },
    },
  };

  it('are merged deeply, one of them', () => {
    const { environments: _, ...base } = config;
    expect(parse(config)).toEqual({
      ...base,
      publisher: { initialBackoff: '1s', maxBackoff: '5s' },
      metrics: { enabled: false },
    });
    expect(parse(config, { environment: 'production' })).toEqual({
      ...base,
      environment: 'production',
      type: 'nats',
      nats: { urls: ['nats://a:4222'] },
      topics: { orders: { retention: '7d', replicas: 3 }, bills: {} },
    });
  });

  it('may hold nothing but topics', () => {
    expect(parse(config, { environment: 'tiny' })).toMatchObject({
      topics: { orders: { retention: '1h', replicas: 1 }, bills: {}, 'extra.topic': {} },
    });
  });

  it('are all checked, each problem where it stands', () => {
    const wrong = structuredClone(config) as Record<string, unknown>;
    wrong.environments = {
      test: { publisher: { maxBackof: '5s' } },
      staging: { topics: { orders: { replicas: 0 } }, publsher: {} },
      production: { orders: { retention: 'long' } },
      odd: [],
      nested: { environments: {} },
    };
    expect(problemsOf(wrong).map((problem) => problem.replace(/ "long".*/, ''))).toEqual([
      'environments.odd: must be an object: a part of the configuration',
      'environments.nested.environments: has no place within an environment',
      'environments.staging.topics.orders.replicas: must be more than 0, got 0',
      "environments.staging.publsher: unknown key, did you mean 'publisher'?",
      'environments.production.topics.orders.retention: invalid duration',
      "environments.test.publisher.maxBackof: unknown key, did you mean 'maxBackoff'?",
    ]);
  });

  it('must have the one that is asked for', () => {
    expect(problemsOf(config, { environment: 'prodution' })).toEqual([
      "environment: 'prodution' is not among the environments, did you mean 'production'?",
    ]);
    expect(parse({ type: 'memory' }, { environment: 'any' })).toEqual({ type: 'memory', environment: 'any' });
  });

  it('are honoured by createEventBus', async () => {
    const own: EventBusConfig = {
      type: 'memory',
      environment: 'a',
      environments: { a: { topics: { x: {} } } },
    };
    await using bus = await createEventBus(own, { plugins: [memory] });
    expect(bus.topics.list()).toEqual(['x']);
  });
});

describe('secrets', () => {
  it('are never shown, wherever they stand and wherever they come from', () => {
    const env = { DB_PASSWORD: 'from-env-1', PLAIN: 'sesame-1' };
    const cases: unknown[] = [
      { broker: { security: { password: 'sesame-1' } } },
      { broker: { security: { password: 12_345_678 } } },
      { broker: { security: { password: '${PLAIN}' } } },
      { broker: { security: 'sesame-1' } },
      { broker: { security: { password: 'sesame-1', enabled: 'sesame-1' } } },
      { broker: { security: { pasword: 'sesame-1' } } },
      { serviceName: 'x', connect: 'sesame-1', broker: { security: { password: 'sesame-1' } } },
      { connect: '${DB_PASSWORD}' },
      { nats: { urls: 'nats://me:ses/am@e-1@host' } },
      { nats: { urls: ['http://me:sesame-1@host'] } },
      { connectTimeout: 'sesame-1', broker: { security: { password: 'sesame-1' } } },
    ];
    for (const config of cases) {
      const found = problemsOf({ type: 'broker', ...(config as object) }, { env }).join('\n');
      expect(found, JSON.stringify(config)).not.toBe('');
      expect(found, JSON.stringify(config)).not.toMatch(/sesame|am@e|from-env|12345678/);
    }
  });
});

describe('bounds', () => {
  it('refuse objects that contain themselves, are too deep or too large', () => {
    const cyclic: Record<string, unknown> = { type: 'memory' };
    cyclic.memory = { broker: cyclic };
    expect(problemsOf(cyclic)).toContain('memory.broker: contains itself');

    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = { deep };
    expect(problemsOf({ type: 'broker', broker: { raw: { deep } } }).join()).toContain(
      'more than 64 levels deep',
    );

    let bomb: unknown = 'boom';
    for (let level = 0; level < 20; level++) bomb = Array.from({ length: 10 }, () => bomb);
    expect(problemsOf({ type: 'broker', broker: { raw: { bomb } } }).join()).toContain(
      'more than 1,000,000 values',
    );
  });

  it('do not mind what is shared, and keep what is no plain object as it is', () => {
    const shared = { retention: '1d' };
    expect(parse({ type: 'memory', topics: { a: shared, b: shared } })).toMatchObject({
      topics: { a: shared, b: shared },
    });
    const provide = () => 'token';
    const raw = { provide, at: new Date(0) };
    const parsed = parse({ type: 'broker', broker: { raw } }) as { broker: { raw: typeof raw } };
    expect(parsed.broker.raw.provide).toBe(provide);
    expect(parsed.broker.raw.at).toBe(raw.at);
  });

  it('let no key reach a prototype', () => {
    const config: unknown = JSON.parse('{"type":"memory","__proto__":{"x":1},"topics":{"__proto__":{}}}');
    expect(problemsOf(config)).toEqual([
      '__proto__: is no possible key',
      'topics.__proto__: is no possible key',
    ]);
    expect(problemsOf({ type: 'memory', constructor: {}, topics: { a: { toString: 1 } } })).toHaveLength(2);
  });

  it('refuse plug-ins whose name is a key of core', () => {
    const taken = definePlugin({ ...broker, name: 'publisher' });
    expect(() => parse({ type: 'memory' }, { plugins: [memory, taken] })).toThrow(
      "a plug-in cannot be named 'publisher'",
    );
  });
});

describe('what watches over a bus', () => {
  it.each([
    ['healthCheck.publisher.interval', { healthCheck: { publisher: { interval: 0 } } }],
    ['healthCheck.report.stalledAfter', { healthCheck: { report: { stalledAfter: '0s' } } }],
    ['publisher.backlogDetection.checkInterval', { publisher: { backlogDetection: { checkInterval: 0 } } }],
    ['metrics.collectInterval', { metrics: { collectInterval: 0 } }],
  ] as [string, CommonConfig][])('needs time to rest: %s', (path, config) => {
    expect(problemsOf({ type: 'memory', ...config })).toEqual([`${path}: must be above 0`]);
  });

  it('is checked while it is off', () => {
    const off = {
      type: 'memory',
      healthCheck: { enabled: false, publisher: { interval: '1m' }, subscriber: { warningThreshold: 2 } },
      publisher: { backlogDetection: { enabled: false, maxQueueDepth: 5 } },
      metrics: { collectInterval: '5s', exportEndpoint: 'http://x' },
    };
    expect(parse(off)).toEqual(off);
    expect(problemsOf({ type: 'memory', healthCheck: { subscriber: { warningThreshold: 5 } } })).toEqual([
      'healthCheck.subscriber: warningThreshold must be below errorThreshold, and that below criticalThreshold',
    ]);
  });

  it('includes exporting where the metrics plug-in cannot', () => {
    const collector = definePlugin({
      kind: 'metrics',
      name: 'prometheus',
      config: z.strictObject({ namespace: z.string().regex(/^[a-z]+$/) }),
      create: () => {
        throw new Error('not for use');
      },
    });
    const plugins = [memory, collector];
    const metrics = { enabled: true, namespace: 'Shop' };
    expect(problemsOf({ type: 'memory', metrics: { ...metrics, exportEndpoint: 'x' } }, { plugins })).toEqual(
      ["metrics.exportEndpoint: the metrics plug-in 'prometheus' does not export to an endpoint"],
    );
    expect(problemsOf({ type: 'memory', metrics }, { plugins })[0]).toContain('metrics.namespace: ');
  });
});

describe('the types', () => {
  it('are those of the schema', () => {
    expectTypeOf<z.input<typeof topicSchema>>().branded.toEqualTypeOf<TopicOptions>();
    expectTypeOf(parseConfig).returns.resolves.toEqualTypeOf<EventBusConfig>();
    expectTypeOf<{ type: 'memory' }>().toExtend<EventBusConfig>();
    expectTypeOf<{ type: 'natz' }>().not.toExtend<EventBusConfig>();
    expectTypeOf<{ type: 'nats' }>().not.toExtend<EventBusConfig>();
    expectTypeOf<{ healthCheck: { publisher: { interval: '2m' } } }>().toExtend<CommonConfig>();
    expectTypeOf<{ environments: { production: { nats: { clientId: 'a' } } } }>().toExtend<CommonConfig>();
  });
});
