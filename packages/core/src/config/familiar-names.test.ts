/** Configurations as people bring them from elsewhere: each gets a message that names the remedy. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError } from '../errors.js';
import { definePlugin } from '../registry/plugin.js';
import { durationSetting, refusedSetting } from '../settings.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { parseObject } from './parse-object.js';

const broker = definePlugin({
  kind: 'transport',
  name: 'broker',
  create: () => new ScriptedDriver(),
  config: z.strictObject({
    urls: z.array(z.string()).default([]),
    ackWait: durationSetting().prefault('30s'),
    consumer: z.strictObject({ groupId: z.string().min(1).optional() }).prefault({}),
    security: z
      .strictObject({
        enabled: z.boolean().optional(),
        username: z.string().min(1).optional(),
        password: z.string().min(1).optional(),
      })
      .prefault({}),
    old: refusedSetting('is said by urls now'),
  }),
});

function problemsOf(config: unknown, env: Record<string, string> = {}): string[] {
  try {
    parseObject(config, { plugins: [broker], env });
  } catch (error) {
    if (!ConfigError.isInstance(error)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const of = (part: object) => problemsOf({ type: 'broker', ...part });

it.each([
  [
    { security: { enabled: false } },
    'security: belongs to the transport: move it into the section of kafka or nats',
  ],
  [
    { maxRetries: 3 },
    "maxRetries: unknown key here, did you mean 'publisher.errorHandling.maxRetryAttempts'",
  ],
  [{ maxConcurrency: 3 }, "maxConcurrency: unknown key here, did you mean 'subscriber.maxConcurrency'?"],
  [{ concurrency: 3 }, "concurrency: unknown key here, did you mean 'subscriber.maxConcurrency'"],
  [{ urls: ['a'] }, "urls: unknown key here, did you mean 'broker.urls'?"],
  [{ servers: ['a'] }, "servers: unknown key here, did you mean 'broker.urls'?"],
  [{ groupId: 'a' }, "groupId: unknown key here, did you mean 'broker.consumer.groupId'?"],
  [{ password: 'hunter2' }, "password: unknown key here, did you mean 'broker.security.password'?"],
  [{ logger: console }, 'logger: is no part of the configuration: createEventBus(config, { logger })'],
  [{ kafka: { brokers: [] } }, 'kafka: is the section of @ebus/kafka, which is not registered'],
  [{ healthHttp: { port: 1 } }, 'healthHttp: is the section of @ebus/health-http, which is not registered'],
  [{ broker: { url: 'a' } }, "broker.url: unknown key, did you mean 'urls'?"],
  [
    { broker: { bootstrapServers: 'a' } },
    'broker.bootstrapServers: unknown key; there are urls, ackWait, consumer, security',
  ],
  [{ broker: { urls: 'a' } }, 'broker.urls: must be a list, got "a": put it in brackets'],
  [{ broker: { old: 1 } }, 'broker.old: is said by urls now'],
  [{ broker: { consumer: { group: 'a' } } }, "broker.consumer.group: unknown key, use 'groupId' instead"],
  [{ broker: { security: { user: 'a' } } }, "broker.security.user: unknown key, use 'username' instead"],
  [
    { subscriber: { processingTimeout: '1s' } },
    "subscriber.processingTimeout: unknown key, did you mean 'processTimeout'?",
  ],
  [{ publisher: { timeout: '1s' } }, "publisher.timeout: unknown key, use 'publishTimeout' instead"],
  [
    { publisher: { publishTimeout: '10 seconds' } },
    'invalid duration "10 seconds": did you mean \'10s\'? use milliseconds',
  ],
  [{ tracing: { endpoint: 'http://a' } }, 'tracing.endpoint: is a matter of the OpenTelemetry SDK'],
  [
    { publisher: { publishTimeout: 10_000_000_000 } },
    'publisher.publishTimeout: 10000000000 has no unit: is it milliseconds (115d17h46m40s), as ebus reads it, or nanoseconds (10s), as Go does?',
  ],
  [{ broker: { ackWait: 30_000_000_000 } }, 'broker.ackWait: 30000000000 has no unit'],
  [
    { topics: { orders: { retention: 604_800_000 } } },
    'retention: 604800000 has no unit: is it milliseconds (7d)',
  ],
])('%j', (part, message) => {
  const problems = of(part);
  expect(problems.join('\n')).toContain(message);
  expect(problems.join('\n')).not.toContain('hunter2');
});

it('takes a day without a unit, and longer with one', () => {
  expect(of({ publisher: { publishTimeout: 86_400_000 }, subscriber: { processTimeout: '30d' } })).toEqual(
    [],
  );
});

describe('empty texts', () => {
  const security = { enabled: false, username: '', password: '' };

  it('count as absent', () => {
    const config = {
      type: 'broker',
      serviceName: '',
      environment: '',
      broker: { consumer: { groupId: '' }, security },
    };
    expect(parseObject(config, { plugins: [broker], env: {} })).toEqual({
      type: 'broker',
      broker: { consumer: {}, security: { enabled: false } },
    });
  });

  it('count as absent where a variable is empty', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the configuration
    const given = { type: 'broker', broker: { security: { ...security, password: '${PASSWORD:-}' } } };
    expect(problemsOf(given)).toEqual([]);
  });

  it('take a text away that the configuration has, where an environment says so', () => {
    const config = {
      type: 'broker',
      broker: { consumer: { groupId: 'a' } },
      environments: { test: { broker: { consumer: { groupId: '' } } } },
    };
    expect(parseObject(config, { plugins: [broker], environment: 'test' })).toMatchObject({
      broker: { consumer: {} },
    });
  });

  it('are no items of lists', () => {
    expect(parseObject({ type: 'broker', broker: { urls: [''] } }, { plugins: [broker] })).toMatchObject({
      broker: { urls: [''] },
    });
  });
});

describe('what is no configuration', () => {
  it('says what to do with a Promise of one', () => {
    const promised = Promise.resolve({ type: 'broker' });
    expect(() => parseObject(promised, { plugins: [broker] })).toThrow('it is a Promise; await it first');
  });

  it('says where plug-ins belong, whether or not its type is known', () => {
    const config = { type: 'other', plugins: [broker] };
    expect(() => parseObject(config, { plugins: [] })).toThrow(
      'plugins: is no part of the configuration: createEventBus(',
    );
  });

  it.each([
    ['brokr', "no transport named 'brokr' is registered, did you mean 'broker'? (registered: broker)"],
    ['Broker', "did you mean 'broker'?"],
    [
      'natz',
      "no transport named 'natz' is registered, did you mean 'nats'? Then install @ebus/nats and pass it",
    ],
    ['NATS', "did you mean 'nats'?"],
    [
      'kafka',
      "no transport named 'kafka' is registered; install @ebus/kafka and pass it in plugins (registered: broker)",
    ],
  ])('knows what is meant by the type %s', (type, message) => {
    expect(() => parseObject({ type }, { plugins: [broker] })).toThrow(message);
  });
});
