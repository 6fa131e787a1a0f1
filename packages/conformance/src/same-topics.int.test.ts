/** One topics file, applied to every transport there is: the same report, apart from settings that one does not have. */
import { fileURLToPath } from 'node:url';
import { createEventBus, type EventBusConfig, loadConfig, type TopicOutcome } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';
import { sharedService } from '@ebus/services';
import { expect, it } from 'vitest';
import { uniqueName } from './test-kit/unique-name.js';

const plugins = [memory, nats, kafka];
const file = fileURLToPath(new URL('./testing/topics.yaml', import.meta.url));
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** What each does not have; it says so, and nothing else differs. */
const UNSUPPORTED: Readonly<Record<string, readonly string[]>> = {
  memory: ['replicas', 'partitions', 'compression', 'compressionLevel'],
  nats: ['partitions', 'compression', 'compressionLevel'],
  kafka: ['maxMessages', 'description'],
};

async function reportsOf(type: string): Promise<Record<string, unknown>> {
  const env = {
    TRANSPORT: type,
    PREFIX: uniqueName('same'),
    NATS_URL: (await sharedService('nats')).addresses[0] ?? '',
    KAFKA_BROKER: (await sharedService('kafka')).addresses[0] ?? '',
  };
  const { topics = {}, ...config } = await loadConfig(file, { plugins, env });
  const named = Object.fromEntries(
    Object.entries(topics).map(([name, options]) => [`${env.PREFIX}.${name}`, options]),
  );
  await using bus = await createEventBus(config as EventBusConfig, { plugins, logger: silent });
  const general = (outcomes: readonly TopicOutcome[]): unknown[] =>
    outcomes.map(({ unsupported, ...rest }) => {
      expect(unsupported.filter((field) => !UNSUPPORTED[type]?.includes(field))).toEqual([]);
      return JSON.parse(JSON.stringify(rest).replaceAll(env.PREFIX, 'same'));
    });
  const planned = general(await bus.topics.plan(named));
  const first = general(await bus.topics.apply(named));
  const second = general(await bus.topics.apply(named));
  const shorter = Object.fromEntries(Object.keys(named).map((name) => [name, { retention: '90m' } as const]));
  const onlyCreated = general(await bus.topics.apply(shorter, { strategy: 'createOnly' }));
  const changed = general(await bus.topics.apply(shorter));
  expect(first).toEqual(planned);
  for (const outcome of second) expect(outcome).toMatchObject({ action: 'left' });
  return { first, second, onlyCreated, changed };
}

it('a topics file gives the same outcomes on memory, NATS and Kafka', { timeout: 60_000 }, async () => {
  const reference = await reportsOf('memory');
  for (const type of ['nats', 'kafka']) expect(await reportsOf(type)).toEqual(reference);
});
