/**
 * Options are never ignored: everything public that takes options is in this table, and each refuses, at the call, a name
 * that it does not know, a value of the wrong kind, and what is no object. A method that is added must be added here.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventBus } from './bus/event-bus.js';
import * as core from './index.js';
import { type ScriptedBus, scriptedBus } from './testing/scripted-bus.js';
import { ScriptedDriver, scriptedPlugin } from './testing/scripted-driver.js';

const plugins = [scriptedPlugin(new ScriptedDriver())];
const event = { aggregateId: 'a', eventType: 'T', eventVersion: 1, payload: {} };
const noop = () => {};
const schema = { '~standard': { version: 1, vendor: 'x', validate: (value: unknown) => ({ value }) } };
/** Methods take what they are given. */
type Any = never;

interface Row {
  call(options: Any): unknown;
  /** An option of the wrong kind. */
  readonly wrong: object;
  /** What the options need besides. */
  readonly base?: object;
}

let parts: ScriptedBus;
let bus: EventBus;
let subscription: core.Subscription;
const pool = new core.KeyedPool();
const governance = new core.TopicGovernance([]);
const typed = core.topic('t', core.defineEvents({ [event.eventType]: schema as core.StandardSchemaV1 }));

beforeAll(async () => {
  parts = await scriptedBus();
  bus = parts.bus;
  subscription = await bus.subscribe('table', noop);
});
afterAll(() => bus.close({ timeout: 0 }));

const ROWS: Record<string, Row> = {
  'bus.publish': { call: (o) => bus.publish('t', 'x', o), wrong: { retries: '3' } },
  'bus.publishEnvelope': { call: (o) => bus.publishEnvelope('t', event, o), wrong: { timeout: 0 } },
  'bus.publishEnvelopes': { call: (o) => bus.publishEnvelopes('t', [event], o), wrong: { maxInFlight: 0 } },
  'bus.publishResults': { call: (o) => bus.publishResults(o), wrong: { signal: new AbortController() } },
  'bus.flush': { call: (o) => bus.flush(o), wrong: { signal: 'now' } },
  'bus.subscribe': { call: (o) => bus.subscribe('t', noop, o), wrong: { retryBackoff: '1s' } },
  'bus.subscribeEnvelope': { call: (o) => bus.subscribeEnvelope('t', noop, o), wrong: { schema: {} } },
  'bus.use': { call: (o) => bus.use(o), wrong: { publish: 'log' } },
  'bus.close': { call: (o) => bus.close(o), wrong: { timeout: 'soon' } },
  'bus.idle': { call: (o) => bus.idle(o), wrong: { timeout: 'soon' } },
  'typed.publish': { call: (o) => typed.publish(bus, event, o), wrong: { timeout: 0 } },
  'typed.subscribe': { call: (o) => typed.subscribe(bus, noop, o), wrong: { otherwise: 'drop' } },
  'typed.handler': { call: (o) => typed.handler(noop, o), wrong: { otherwise: 'drop' } },
  'subscription.update': { call: (o) => subscription.update(o), wrong: { concurrency: 0 } },
  'subscription.close': { call: (o) => subscription.close(o), wrong: { timeout: -1 } },
  'topics.configure': { call: (o) => bus.topics.configure('t', {}, o), wrong: { strategy: 'update' } },
  'topics.apply': { call: (o) => bus.topics.apply({}, o), wrong: { onMismatch: 'throw' } },
  'topics.plan': { call: (o) => bus.topics.plan({}, o), wrong: { allowPartitionIncrease: 'yes' } },
  'topics.watch': { call: (o) => bus.topics.watch('no-such-file', o), wrong: { onApplied: 'log' } },
  'deadLetters.list': { call: (o) => bus.deadLetters.list('t', o), wrong: { limit: 0 } },
  'deadLetters.browse': { call: (o) => bus.deadLetters.browse('t', o).next(), wrong: { limit: 0 } },
  'deadLetters.keys': { call: (o) => bus.deadLetters.keys('t', o), wrong: { failedAfter: 'today' } },
  'deadLetters.delete': {
    call: (o) => bus.deadLetters.delete('t', { message: {} } as never, o),
    wrong: { dryRun: 1 },
  },
  'deadLetters.park': {
    call: (o) => bus.deadLetters.park('t', { message: {} } as never, o),
    wrong: { signal: 'no' },
  },
  'deadLetters.redrive': { call: (o) => bus.deadLetters.redrive('t', o), wrong: { dryRun: 'yes' } },
  'connection.reconnect': { call: (o) => bus.connection.reconnect(o), wrong: { signal: 5 } },
  'health.report': { call: (o) => bus.health.report(o), wrong: { signal: {} } },
  'health.register': {
    call: (o) => bus.health.register(o),
    base: { name: 'x', check: noop },
    wrong: { name: 'x', check: 'ping' },
  },
  createEventBus: {
    call: (o) => core.createEventBus({ type: 'scripted' } as Any, o),
    base: { plugins },
    wrong: { plugins: {} },
  },
  initializeGlobal: {
    call: (o) => core.initializeGlobal({ type: 'scripted' } as Any, o),
    base: { plugins },
    wrong: { autoStart: 'no' },
  },
  closeOnSignals: { call: (o) => core.closeOnSignals(bus, ['SIGUSR2'], o), wrong: { timeout: 'soon' } },
  loadConfig: { call: (o) => core.loadConfig('no-such-file', o), wrong: { env: 5 } },
  parseConfig: {
    call: (o) => core.parseConfig({ type: 'scripted' }, o),
    base: { plugins },
    wrong: { overrides: 'x' },
  },
  configJsonSchema: { call: (o) => core.configJsonSchema(o), wrong: { registry: {} } },
  routeByEventType: { call: (o) => core.routeByEventType({ T: noop }, o), wrong: { otherwise: 'drop' } },
  'new KeyedPool': { call: (o) => new core.KeyedPool(o), wrong: { queueSize: 0 } },
  'pool.run': { call: (o) => pool.run('k', noop, o), wrong: { signal: 1 } },
  'new InMemoryMetricsCollector': {
    call: (o) => new core.InMemoryMetricsCollector(o),
    wrong: { namespace: 'x' },
  },
  'governance.enforce': {
    call: (o) => governance.enforce(bus, o),
    base: { fix: false },
    wrong: { fix: 'yes' },
  },
};

/** What takes no options, with what it takes instead checked elsewhere. */
const WITHOUT_OPTIONS: Record<string, readonly string[]> = {
  bus: ['capabilities', 'checkEnvelope', 'on', 'metrics', 'exposeMetrics', 'start', 'stop'],
  subscription: ['pause', 'resume', 'retryHalted', 'skipHalted', 'stats'],
  topics: ['setPersistence', 'get', 'describe', 'list', 'forget'],
  deadLetters: [],
  connection: ['state'],
  health: [],
  pool: ['drain', 'stats'],
  governance: ['check', 'fix'],
};

/** Values of the entry that are no function with options; errors are left out. */
const OTHER_EXPORTS = [
  'defineEvents',
  'topic',
  'ERROR_CODES',
  'MessageHeaders',
  'NoopMetricsCollector',
  'Registry',
  'TopicBuilder',
  'TopicGovernance',
  'TopicTemplates',
  'closeGlobal',
  'createEnvelope',
  'decodeEnvelope',
  'defaultRegistry',
  'definePlugin',
  'encodeEnvelope',
  'extractAggregateId',
  'fnv1a32',
  'formatDuration',
  'getGlobal',
  'highThroughputTopic',
  'isValidTopicName',
  'jsonCodec',
  'lineageCodec',
  'lowThroughputTopic',
  'mediumThroughputTopic',
  'parseDuration',
  'parseSize',
  'validateEnvelope',
  'validateTopicName',
  'systemClock',
];

async function refusal(row: Row, options: unknown): Promise<string> {
  try {
    await row.call(options as Any);
  } catch (error) {
    expect(core.EbusError.isInstance(error), String(error)).toBe(true);
    return (error as Error).message;
  }
  throw new Error('accepted');
}

describe.each(Object.entries(ROWS))('%s', (name, row) => {
  const method = name.replace(/^new |^.*\./g, '');

  it('refuses a name that it does not know', async () => {
    const message = await refusal(row, { ...row.base, surelyUnknown: 1 });
    expect(message).toContain("unknown option 'surelyUnknown'");
  });

  it('refuses a value of the wrong kind', async () => {
    const message = await refusal(row, { ...row.base, ...row.wrong });
    expect(message).toMatch(new RegExp(Object.keys(row.wrong).join('|')));
    expect(message.toLowerCase()).toMatch(
      new RegExp(`${method.toLowerCase()}|cannot publish|closing|updating`),
    );
  });

  it('refuses what is no object of options', async () => {
    for (const options of [5, 'x', null, [], new Map(), AbortSignal.timeout(1)]) {
      expect(await refusal(row, options)).toMatch(/the options must be an object|use\(\{/);
    }
  });
});

/** Of the object and the classes that it is an instance of. */
function methodsOf(object: object): string[] {
  const names = new Set<string>();
  for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
    }
  }
  return [...names];
}

describe('the table', () => {
  it('has every method of a bus and of what hangs on it', () => {
    const { topics, deadLetters, connection, health } = bus;
    /** Seen by core alone: the types that applications get do not have them. */
    const internal = [
      'append',
      'begin',
      'setPolicy',
      'swapTo',
      'recompose',
      'quiet',
      'ended',
      'haltedMessages',
    ];
    const all = { bus, subscription, deadLetters, pool, governance };
    for (const [owner, object] of Object.entries(all)) {
      const known = [...(WITHOUT_OPTIONS[owner] ?? []), ...internal];
      const missing = methodsOf(object).filter(
        (name) => !known.includes(name) && ROWS[`${owner}.${name}`] === undefined,
      );
      expect(missing, owner).toEqual([]);
    }
    for (const [owner, object] of Object.entries({ topics, connection, health })) {
      const named = Object.keys(ROWS).filter((row) => row.startsWith(`${owner}.`));
      const names = [...named.map((row) => row.slice(owner.length + 1)), ...(WITHOUT_OPTIONS[owner] ?? [])];
      expect(methodsOf(object), owner).toEqual(expect.arrayContaining(names));
    }
  });

  it('has every function and class of the entry', () => {
    const exported = Object.entries(core).filter(([name]) => !name.endsWith('Error'));
    const missing = exported
      .map(([name]) => name)
      .filter(
        (name) =>
          !OTHER_EXPORTS.includes(name) && ROWS[name] === undefined && ROWS[`new ${name}`] === undefined,
      );
    expect(missing).toEqual([]);
  });
});

it('takes the options that there are', async () => {
  const signal = new AbortController().signal;
  const receipt = bus.publish('t', 'x', {
    key: 'k',
    headers: { a: 'b' },
    messageId: 'm',
    timeout: '5s',
    retries: 0,
    signal,
  });
  parts.driver.sends.at(-1)?.ack();
  await receipt;
  const retryBackoff = { base: '10ms', max: 1_000, factor: 2, jitter: false } as const;
  const options = {
    group: 'g',
    concurrency: 1,
    maxRetries: 0,
    retryBackoff,
    rateLimit: { perSecond: 5 },
    signal,
  };
  await bus.subscribeEnvelope('t', noop, { ...options, schema: schema as Any, onError: () => 'retry' });
});
