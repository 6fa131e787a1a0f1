/** Dead letters on Kafka: large ones, topics that were deleted or renamed, and what looking leaves behind. */
import { startService } from '@ebus/services';
import { afterAll, afterEach, expect, it } from 'vitest';
import {
  Cleanup,
  committedOf,
  eventually,
  kafkaBus,
  plainAdmin,
  plainKafka,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

// A broker of its own: groups are counted.
const server = await startService('kafka', { own: true });
const { addresses } = server;
const admin = await plainAdmin(addresses);
afterAll(async () => {
  await admin.disconnect();
  await server.close();
});

const newBus = async (settings?: Parameters<typeof kafkaBus>[1]) =>
  cleanup.add(await kafkaBus(addresses, settings), (one) => one.close({ timeout: 1_000 }));
const broken = () => Promise.reject(new Error('broken'));
const exhausted = { maxRetries: 0, onExhausted: 'dead-letter' } as const;

async function newTopic(settings: Record<string, string> = {}): Promise<string> {
  const topic = uniqueName('topic');
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] });
  return topic;
}

async function settingOf(topic: string, name: string): Promise<string | undefined> {
  const { resources } = await admin.describeConfigs({
    resources: [{ type: 2, name: topic, configNames: [name] }],
    includeSynonyms: false,
  });
  return resources[0]?.configEntries.find(({ configName }) => configName === name)?.configValue;
}

it('a message that its topic takes has room in the dead-letter topic that ebus makes', async () => {
  const topic = await newTopic({ 'max.message.bytes': '10000000' });
  const service = uniqueName('service');
  const bus = await newBus({ service });
  await bus.subscribe(
    topic,
    (message) => (message.data.length > 1_000_000 ? broken() : undefined),
    exhausted,
  );
  await bus.publish(topic, 'x'.repeat(3_000_000));
  for (let i = 0; i < 5; i++) await bus.publish(topic, 'small');
  await eventually(async () => (await committedOf(admin, service, topic))[0] === 6);
  expect(await settingOf(`${topic}.dlq`, 'max.message.bytes')).toBe(String(10_000_000 + 65_536));
  const [letter] = await bus.deadLetters.list(topic);
  expect(letter?.message.data.length).toBe(3_000_000);
});

it('one that has none halts its key, and the partition goes on for others', async () => {
  const topic = await newTopic();
  const small = await newTopic({ 'max.message.bytes': '2000' });
  const bus = await newBus();
  const handled: string[] = [];
  const subscription = await bus.subscribeEnvelope(
    topic,
    ({ aggregateId }) => (aggregateId === 'large' ? broken() : void handled.push(aggregateId)),
    { ...exhausted, deadLetterTopic: small },
  );
  const event = (aggregateId: string, payload: string) =>
    bus.publishEnvelope(topic, { aggregateId, eventType: 'X', eventVersion: 1, payload });
  await event('large', 'x'.repeat(5_000));
  await event('other', 'x');
  await eventually(() => subscription.stats().halted === 1 && handled.length === 1);
  await expect(subscription.skipHalted()).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
  expect(subscription.stats()).toMatchObject({ halted: 1, deadLettered: 0 });
});

it('a dead-letter topic that was deleted is made again', async () => {
  const topic = await newTopic();
  const bus = await newBus();
  const subscription = await bus.subscribe(topic, broken, exhausted);
  await bus.publish(topic, '1');
  await eventually(() => subscription.stats().deadLettered === 1);
  await admin.deleteTopics({ topics: [`${topic}.dlq`] });
  await eventually(async () => !(await admin.listTopics()).includes(`${topic}.dlq`));
  await bus.publish(topic, '2');
  await eventually(() => subscription.stats().deadLettered === 2);
  expect(await settingOf(`${topic}.dlq`, 'retention.ms')).toBe(String(30 * 24 * 3_600_000));
});

it('letters of topics that are gone or never were stop no redrive', async () => {
  const topic = await newTopic();
  const renamed = uniqueName('renamed');
  const letters = `${topic}.dlq`;
  await admin.createTopics({ topics: [{ topic: letters, numPartitions: 1 }] });
  const producer = plainKafka(addresses).producer();
  await producer.connect();
  cleanup.add(producer, (one) => one.disconnect());
  const letter = (value: string, originalTopic: string) => ({
    key: 'k',
    value,
    headers: { 'X-Original-Topic': originalTopic, 'X-Consumer-Group': 'g', 'X-Attempts': 'garbage' },
  });
  await producer.send({
    topic: letters,
    messages: [
      letter('old', renamed),
      letter('bad', 'not a topic!'),
      letter('1', topic),
      letter('2', topic),
      letter('3', topic),
    ],
  });
  const bus = await newBus({ common: { topicConfigStrategy: 'validateOnly' } });
  const back: string[] = [];
  await bus.subscribe(topic, (message) => void back.push(message.text()), { group: 'g', concurrency: 1 });
  const report = await bus.deadLetters.redrive(letters, { to: [renamed] });
  expect(report).toMatchObject({ redriven: 3, left: 2, total: 5 });
  expect(report.failed.map(({ originalTopic }) => originalTopic)).toEqual([renamed, 'not a topic!']);
  await eventually(() => back.length === 3);
  expect(back).toEqual(['1', '2', '3']);
  expect((await bus.deadLetters.list(letters)).map(({ message }) => message.text())).toEqual(['old', 'bad']);
});

it('looking makes no group, and commits nothing', async () => {
  const topic = await newTopic();
  const bus = await newBus();
  const subscription = await bus.subscribe(topic, broken, exhausted);
  for (let n = 0; n < 20; n++) await bus.publish(topic, String(n));
  await eventually(() => subscription.stats().deadLettered === 20);
  const groups = async () => (await admin.listGroups()).groups.map(({ groupId }) => groupId).sort();
  const before = await groups();
  const seen = await Promise.all([1, 2, 3].map(() => bus.deadLetters.list(topic)));
  expect(seen.map(({ length }) => length)).toEqual([20, 20, 20]);
  expect(await bus.deadLetters.redrive(topic, { dryRun: true })).toMatchObject({ redriven: 20 });
  expect(await groups()).toEqual(before);
});

it('looking ends where the end of the log is no message', async () => {
  const topic = await newTopic();
  const letters = `${topic}.dlq`;
  await admin.createTopics({ topics: [{ topic: letters, numPartitions: 1 }] });
  const producer = plainKafka(addresses).producer({
    transactionalId: uniqueName('tx'),
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  cleanup.add(producer, (one) => one.disconnect());
  const transaction = await producer.transaction();
  await transaction.send({
    topic: letters,
    messages: [{ value: 'x', headers: { 'X-Original-Topic': topic } }],
  });
  await transaction.commit();
  const bus = await newBus();
  // Behind the message stands the marker that its transaction was committed.
  expect(await bus.deadLetters.list(topic)).toHaveLength(1);
  expect(await bus.deadLetters.redrive(topic)).toMatchObject({ redriven: 1, total: 2, failed: [] });
  expect(await bus.deadLetters.redrive(topic)).toMatchObject({ redriven: 0, failed: [] });
});
