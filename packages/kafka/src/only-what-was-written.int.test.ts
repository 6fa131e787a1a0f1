/** Topics that others made, with settings of their own: a bus changes nothing of them that was not written. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, TopicGovernance } from '@ebus/core';
import { sharedService } from '@ebus/services';
import type { Admin } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import { Cleanup, eventually, kafkaBus, plainAdmin, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('kafka');
const DAY = 86_400_000;
/** Nothing of this is anybody's default. */
const CHOSEN = {
  'retention.ms': String(365 * DAY),
  'retention.bytes': '5000000000',
  'compression.type': 'uncompressed',
  'cleanup.policy': 'compact,delete',
  'max.message.bytes': '2000000',
  'segment.bytes': '20000000',
  'min.insync.replicas': '1',
  'message.timestamp.type': 'LogAppendTime',
};

interface Line {
  readonly level: string;
  readonly text: string;
}

async function prepare() {
  const lines: Line[] = [];
  const put =
    (level: string) =>
    (...args: unknown[]) =>
      void lines.push({ level, text: String(args.at(-1)) });
  const logger: Logger = { debug() {}, info: put('info'), warn: put('warn'), error: put('error') };
  const bus = cleanup.add(await kafkaBus(addresses, { logger }), (one) => one.close());
  const admin = cleanup.add(await plainAdmin(addresses), (one) => one.disconnect());
  const topic = uniqueName('audit');
  const configEntries = Object.entries(CHOSEN).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions: 4, configEntries }], waitForLeaders: true });
  return { bus, admin, topic, changes: () => lines.filter(({ text }) => /changed/.test(text)) };
}

/** Every setting, where it comes from, and the partitions. */
async function everything(admin: Admin, topic: string): Promise<unknown> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: topic }],
  });
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const entries = resources[0]?.configEntries ?? [];
  return {
    partitions: topics[0]?.partitions.length,
    settings: Object.fromEntries(
      entries.map(({ configName, configValue, configSource }) => [configName, [configValue, configSource]]),
    ),
  };
}

it('a topic keeps every setting that was not written, whatever is called', async () => {
  const { bus, admin, topic, changes } = await prepare();
  const before = await everything(admin, topic);

  const seen: string[] = [];
  await bus.publish(topic, 'before it is configured', { key: 'a' });
  await bus.subscribe(topic, (message) => void seen.push(message.text()));
  await eventually(() => seen.length === 1);
  await bus.topics.setPersistence(topic, true);
  await bus.topics.configure(topic, {});
  await bus.topics.configure(topic, bus.topics.get(topic));
  await bus.topics.apply({ [topic]: { persistence: 'persistent' } });
  // 365 days are neither what a persistent topic gets from ebus, nor what an ephemeral one gets: somebody chose them.
  await bus.topics.setPersistence(topic, false);
  await bus.topics.setPersistence(topic, true);
  const governance = new TopicGovernance([
    { pattern: '**', minReplicas: 1, maxRetention: '400d', requiredPersistence: 'persistent' },
  ]);
  expect(await governance.enforce(bus, { fix: true })).toMatchObject({ violations: [], fixed: [] });
  const folder = await mkdtemp(join(tmpdir(), 'ebus-topics-'));
  cleanup.add(folder, (one) => rm(one, { recursive: true, force: true }));
  const file = join(folder, 'topics.json');
  await writeFile(file, JSON.stringify({ [topic]: { persistence: 'persistent' } }));
  await (await bus.topics.watch(file)).close();
  expect(await everything(admin, topic)).toEqual(before);
  expect(changes()).toEqual([]);
});

it('what is written is changed, and nothing beside it', async () => {
  const { bus, admin, topic, changes } = await prepare();
  const before = (await everything(admin, topic)) as { settings: Record<string, unknown> };
  const withSetting = (name: string, value: string) => ({
    ...before,
    settings: { ...before.settings, [name]: [value, 1] },
  });
  await bus.topics.configure(topic, { maxSize: '10GB' });
  expect(await everything(admin, topic)).toEqual(withSetting('retention.bytes', String(10 * 1024 ** 3)));
  const strict = new TopicGovernance([{ pattern: '**', maxRetention: '30d' }]);
  await strict.enforce(bus, { fix: true });
  expect(await everything(admin, topic)).toMatchObject({
    settings: { 'retention.ms': [String(30 * DAY), 1], 'compression.type': ['uncompressed', 1] },
  });
  expect(changes()).toEqual([
    { level: 'info', text: `changed topic '${topic}' on the broker: maxSize 5000000000B → 10GB` },
    { level: 'warn', text: `changed topic '${topic}' on the broker: retention 365d → 30d` },
  ]);
});

it('changes that follow each other all stay: a broker that tells the old settings for a while takes none back', async () => {
  const { bus, admin, topic } = await prepare();
  for (let i = 1; i <= 50; i++) {
    await bus.topics.configure(topic, { maxSize: `${i}GB` });
    await bus.topics.configure(topic, { retention: `${i}d` });
    expect(await everything(admin, topic)).toMatchObject({
      settings: {
        'retention.bytes': [String(i * 1024 ** 3), 1],
        'retention.ms': [String(i * DAY), 1],
        'compression.type': ['uncompressed', 1],
      },
    });
  }
});

it('a topic that is kept for ever stays so when its persistence is set', async () => {
  const { bus, topic } = await prepare();
  await bus.topics.configure(topic, { retention: 0 });
  await bus.topics.configure(topic, {});
  await bus.topics.setPersistence(topic, true);
  expect((await bus.topics.describe(topic))?.retentionMs).toBeUndefined();
});
