/** What newcomers get wrong: each mistake is answered by an error that names the remedy, at the call that has it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';
import { afterAll, expect, it } from 'vitest';
import type { EventBus } from './bus/event-bus.js';
import * as core from './index.js';

const folder = await mkdtemp(join(tmpdir(), 'ebus-mistakes-'));
afterAll(() => rm(folder, { recursive: true }));

/** TypeScript would refuse most of these. */
type Any = never;
const create = (config: object, options: object = { plugins: [memory] }) =>
  core.createEventBus({ serviceName: 'shop', type: 'memory', ...config } as Any, options as Any);
const onBus = (use: (bus: EventBus) => unknown) => async () => {
  await using bus = await create({});
  await use(bus);
};
const inFile = (text: string) => async () => {
  const file = join(folder, 'config.yaml');
  await writeFile(file, text);
  await core.loadConfig(file, { plugins: [memory], env: {} });
};
const event = (fields: object = {}) =>
  ({ aggregateId: 'o-1', eventType: 'OrderPlaced', eventVersion: 1, payload: {}, ...fields }) as Any;
const noop = () => {};

it.each<[mistake: string, make: () => unknown, remedy: string]>([
  ['no plug-ins', () => create({}, {}), 'install @ebus/memory and pass it in plugins'],
  [
    'one plug-in instead of a list',
    () => create({}, { plugins: memory }),
    'plugins must be a list of plug-ins, such as [memory]',
  ],
  [
    'plug-ins in the configuration',
    () => create({ plugins: [memory] }, {}),
    'createEventBus(config, { plugins: [ … ] })',
  ],
  [
    'a module as plug-in',
    () => create({}, { plugins: [import('@ebus/memory')] }),
    "import { memory } from '@ebus/memory'",
  ],
  ['a misspelt option', () => create({}, { plugin: [memory] }), "did you mean 'plugins'?"],
  [
    'no configuration',
    () => core.createEventBus(undefined as Any),
    "an object that needs a 'type', such as { type: 'memory' }",
  ],
  [
    'a configuration that is not awaited',
    () => core.createEventBus(Promise.resolve({}) as Any),
    'await it first',
  ],
  ['a misspelt type', () => create({ type: 'memroy' }), "did you mean 'memory'?"],
  ['a type in capitals', () => create({ type: 'Memory' }), "did you mean 'memory'?"],
  [
    'a setting at the wrong place',
    () => create({ maxRetries: 3 }),
    "did you mean 'publisher.errorHandling.maxRetryAttempts' or",
  ],
  [
    'a misspelt setting',
    () => create({ subscriber: { processingTimeout: '1s' } }),
    "did you mean 'processTimeout'?",
  ],
  ['a unit in words', () => create({ subscriber: { processTimeout: '10 seconds' } }), "did you mean '10s'?"],
  [
    'nanoseconds',
    () => create({ subscriber: { processTimeout: 10_000_000_000 } }),
    'or nanoseconds (10s), as Go does?',
  ],
  [
    'a number in quotes',
    () => create({ subscriber: { maxConcurrency: '10' } }),
    'got "10" (take the quotes away)',
  ],
  [
    'no addresses',
    () => create({ type: 'nats' }, { plugins: [nats] }),
    'nats.urls: is missing: it must be a list. Servers: `nats://host:4222`',
  ],
  [
    'one address instead of a list',
    () => create({ type: 'nats', nats: { urls: 'nats://h:1' } }, { plugins: [nats] }),
    'put it in brackets',
  ],
  [
    'a section without its plug-in',
    () => create({ healthHttp: { port: 1 } }),
    'the section of @ebus/health-http, which is not registered',
  ],
  [
    'metrics without their plug-in',
    () => create({ metrics: { enabled: true } }),
    'install @ebus/prometheus and pass it in plugins',
  ],
  ['a file that is not there', () => core.loadConfig('nowhere.yaml'), 'there is no such file'],
  ['a tab', inFile('eventbus:\n\ttype: memory\n'), 'line 2, column 1: indented with a tab; use spaces'],
  ['an empty file', inFile(''), 'it is empty'],
  [
    'a variable that is not set',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the configuration
    inFile('type: memory\nserviceName: ${NOPE}\n'),
    "the environment variable 'NOPE' is not set, and there is no default",
  ],
  [
    'another spelling of the top-level key',
    inFile('eventBus:\n  type: memory\n'),
    "did you mean 'eventbus'?",
  ],
  [
    'security at the top',
    inFile('type: memory\nsecurity: { enabled: true }\n'),
    'move it into the section of kafka or nats',
  ],
  [
    'topic and message exchanged',
    onBus((bus) => bus.publish({} as Any, 't')),
    'topic name must be a string, got object; it is the first argument',
  ],
  [
    'an envelope to publish',
    onBus((bus) => bus.publish('t', core.createEnvelope(event()) as Any)),
    'use publishEnvelope',
  ],
  ['no message', onBus((bus) => bus.publish('t', undefined as Any)), 'expected bytes, text or an object'],
  [
    'metadata',
    onBus((bus) => bus.publish('t', 'x', { metadata: {} } as Any)),
    "unknown option 'metadata', use 'headers' instead",
  ],
  [
    'a priority',
    onBus((bus) => bus.publish('t', 'x', { priority: 9 } as Any)),
    'no broker behind ebus has priorities',
  ],
  [
    'a key for an event',
    onBus((bus) => bus.publishEnvelope('t', event(), { key: 'k' } as Any)),
    "its envelope's aggregateId",
  ],
  [
    'an event without version',
    onBus((bus) => bus.publishEnvelope('t', event({ eventVersion: undefined }))),
    'give 1 for the first version',
  ],
  [
    'snake case',
    onBus((bus) => bus.publishEnvelope('t', { aggregate_id: 'a' } as Any)),
    "did you mean 'aggregateId'?",
  ],
  [
    'a Map as payload',
    onBus((bus) => bus.publishEnvelope('t', event({ payload: { at: new Map() } }))),
    'write it as an object (Object.fromEntries)',
  ],
  [
    'handler and topic exchanged',
    onBus((bus) => bus.subscribe(noop as Any, 't' as Any)),
    'the topic comes first, then the handler',
  ],
  [
    'a handler that was called',
    onBus((bus) => bus.subscribe('t', noop() as Any)),
    'needs a function as its handler, got undefined',
  ],
  [
    'retries of a subscription',
    onBus((bus) => bus.subscribe('t', noop, { retries: 3 } as Any)),
    "use 'maxRetries' instead",
  ],
  [
    'a timeout of a subscription',
    onBus((bus) => bus.subscribe('t', noop, { timeout: '3s' } as Any)),
    "use 'processingTimeout' instead",
  ],
  [
    'a group by its name in Kafka',
    onBus((bus) => bus.subscribe('t', noop, { groupId: 'g' } as Any)),
    "use 'group' instead",
  ],
  [
    'a backoff as duration',
    onBus((bus) => bus.subscribe('t', noop, { retryBackoff: '1s' } as Any)),
    "an object such as { base: '1s' }",
  ],
  [
    'a rate limit as number',
    onBus((bus) => bus.subscribe('t', noop, { rateLimit: 5 } as Any)),
    'an object such as { perSecond: 100 }',
  ],
  [
    'a start by its name elsewhere',
    onBus((bus) => bus.subscribe('t', noop, { from: 'beginning' as Any })),
    "'earliest', 'latest' or a valid Date",
  ],
  [
    'an action for a callback',
    onBus((bus) => bus.subscribe('t', noop, { onError: 'retry' as Any })),
    'onError must be a function',
  ],
  [
    'a schema that is none',
    onBus((bus) => bus.subscribeEnvelope('t', noop, { schema: { a: 'number' } as Any })),
    'a Standard Schema, as zod',
  ],
  [
    'a middleware as function',
    onBus((bus) => bus.use(noop as Any)),
    'use({ publish: fn }) or use({ consume: fn })',
  ],
  [
    'a misspelt event',
    onBus((bus) => bus.on('deadlettered' as Any, noop as Any)),
    "did you mean 'deadLettered'?",
  ],
  [
    'a misspelt dry run',
    onBus((bus) => bus.deadLetters.redrive('t', { dryrun: true } as Any)),
    "did you mean 'dryRun'?",
  ],
  [
    'a timeout that is no option',
    onBus((bus) => bus.close(5_000 as Any)),
    "must be an object such as { timeout: '30s' }, got 5000",
  ],
  [
    'a signal that is no option',
    onBus((bus) => bus.flush(AbortSignal.timeout(1) as Any)),
    'must be an object: { signal }',
  ],
  [
    'subscribing twice',
    onBus(async (bus) => [await bus.subscribe('t', noop), await bus.subscribe('t', noop)]),
    'use another group, or handle several event types in one',
  ],
  [
    'a closed bus',
    async () => {
      const bus = await create({});
      await bus.close();
      await bus.publish('t', 'x');
    },
    'the event bus is closed; create a new one',
  ],
  [
    'routes without handlers',
    async () => core.routeByEventType({ A: 'x' } as Any),
    "'A' needs a handler, or { schema, handler }",
  ],
  [
    'a preset that was not called',
    async () => new core.TopicBuilder('t').usePreset(core.highThroughputTopic as Any),
    'such as highThroughputTopic() makes',
  ],
  [
    'plug-ins for a new registry',
    async () => new core.Registry([memory] as Any),
    'new Registry().use(memory)',
  ],
  [
    'an older name of a rule',
    async () => new core.TopicGovernance([{ pattern: '**', requiredMode: 'persistent' } as Any]),
    "use 'requiredPersistence' instead",
  ],
  [
    'signals that cannot be heard',
    onBus((bus) => core.closeOnSignals(bus, ['SIGKILL'])),
    "such as ['SIGTERM', 'SIGINT']",
  ],
  [
    'the global bus before it is there',
    async () => core.getGlobal(),
    'await initializeGlobal(config, options) first',
  ],
])('%s', async (_, make, remedy) => {
  const error: unknown = await Promise.resolve()
    .then(make)
    .then(
      () => 'accepted',
      (failure: unknown) => failure,
    );
  expect(error).toBeInstanceOf(core.EbusError);
  expect((error as Error).message).toContain(remedy);
});
