/** Asks what `positions` decides by: the logs of partitions, and where a group stands in them. */
import { ConnectionError, type PartitionLag, type SubscriptionSpec, within } from '@ebus/core/driver';
import { classify, mayNotRead, missingTopic } from '../errors.js';
import { called, type NativeConsumer } from '../native-client.js';
import { type ByPartition, keyOf, type Questions, type TopicPartition } from '../questions.js';
import { beginsAtFrom, type Committed, type Log, type Start } from './positions.js';

const COMMITTED_MS = 5_000;

/**
 * What the consumer's group has committed; what it has no position for is left out. Asked over the consumer's own connection to
 * its coordinator, which fetching does not hold up. (librdkafka's admin client crashes where a coordinator moves.)
 */
export async function committedOf(
  consumer: NativeConsumer,
  partitions: readonly TopicPartition[],
  signal: AbortSignal,
): Promise<Map<string, Committed>> {
  const found = new Map<string, Committed>();
  if (partitions.length === 0) return found;
  const list = partitions.map(({ topic, partition }) => ({ topic, partition }));
  const asked = called<CommittedAnswer[]>((done) => consumer.committed(list, COMMITTED_MS, done as never));
  const answer = await within(asked, signal, () => {
    throw new ConnectionError('Kafka did not answer a question for committed offsets in time');
  });
  for (const one of answer) {
    if (one instanceof Error)
      throw new ConnectionError(`a committed offset is not told: ${one.message}`, { cause: one });
    const { offset, metadata } = one;
    if (offset !== undefined && offset >= 0) found.set(keyOf(one), { offset, metadata });
  }
  return found;
}

type CommittedAnswer = Error | (TopicPartition & Partial<Committed>);

/** Of partitions that can be asked: one without a leader is left out. `problems`: topics that are not there or not allowed. */
export interface Logs {
  readonly logs: ByPartition<Log>;
  readonly problems: ReadonlyMap<string, unknown>;
}

export async function logsOf(
  questions: Questions,
  partitions: readonly TopicPartition[],
  signal: AbortSignal,
): Promise<Logs> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const infos = await questions.topics(topics, signal, { withRights: true });
  const problems = new Map<string, unknown>();
  const asked = partitions.filter(({ topic, partition }) => {
    const info = infos.get(topic);
    if (info !== undefined && !(info instanceof Error)) {
      if (!info.mayRead) problems.set(topic, mayNotRead(topic));
      return info.partitions.some((one) => one.partition === partition && one.leader >= 0);
    }
    problems.set(topic, classify(info).code === 'TOPIC_NOT_FOUND' ? missingTopic(topic, info) : info);
    return false;
  });
  const [begins, ends] = await Promise.all([
    questions.offsets(asked, 'earliest', signal),
    questions.offsets(asked, 'latest', signal),
  ]);
  const logs = new Map<string, Log>();
  for (const one of asked) {
    const key = keyOf(one);
    const [begin, end] = [begins.get(key), ends.get(key)];
    const { topicId } = infos.get(one.topic) as { topicId: string };
    if (begin !== undefined && end !== undefined) logs.set(key, { topicId, begin, end });
  }
  return { logs, problems };
}

/**
 * Where partitions without a position begin, as of now. @throws `TOPIC_NOT_FOUND`, where the topic may not be read, what the
 * client says, and where a partition cannot be asked: what is pinned is pinned for all
 */
export async function startsOf(
  questions: Questions,
  topic: string,
  from: SubscriptionSpec['from'],
  consumer: NativeConsumer | undefined,
  signal: AbortSignal,
): Promise<Map<string, Start>> {
  const { topicId, partitions } = await questions.readableTopic(topic, signal);
  const all = partitions.map(({ partition }) => ({ topic, partition }));
  const committed =
    consumer === undefined ? new Map<string, Committed>() : await committedOf(consumer, all, signal);
  const byNumber = new Map(
    all.flatMap((one) => {
      const position = committed.get(keyOf(one));
      return position === undefined ? [] : [[one.partition, position] as const];
    }),
  );
  const without = beginsAtFrom(
    all.map(({ partition }) => partition),
    byNumber,
  );
  const unasked = (partition: number | undefined) =>
    new ConnectionError(
      `partition ${partition} of '${topic}' has no leader: where the group begins in it is not known`,
    );
  const leaderless = partitions.find(({ partition, leader }) => leader < 0 && without.includes(partition));
  if (leaderless !== undefined) throw unasked(leaderless.partition);
  const offsets = await questions.offsets(
    without.map((partition) => ({ topic, partition })),
    from,
    signal,
  );
  const missing = without.find((partition) => !offsets.has(keyOf({ topic, partition })));
  if (missing !== undefined) throw unasked(missing);
  return new Map([...offsets].map(([key, offset]) => [key, { topicId, offset }]));
}

/**
 * Over all partitions of the topic, those of other members included. Where nothing is committed, or the position lies outside
 * of the log, the group stands at the beginning of the log.
 *
 * @param consumer undefined for a reader without a group, whose position is what it has settled
 * @param read up to where that is
 */
export async function lagOf(
  questions: Questions,
  topic: string,
  consumer: NativeConsumer | undefined,
  read: (partition: number) => number | undefined,
  signal: AbortSignal,
): Promise<(PartitionLag & { readonly end: number })[]> {
  const { partitions } = await questions.topic(topic, signal);
  const all = partitions.map(({ partition }) => ({ topic, partition }));
  const [{ logs }, committed] = await Promise.all([
    logsOf(questions, all, signal),
    consumer === undefined ? new Map<string, Committed>() : committedOf(consumer, all, signal),
  ]);
  return all.map((one) => {
    const log = logs.get(keyOf(one));
    // What cannot be asked is not nothing.
    if (log === undefined)
      throw new ConnectionError(`partition ${one.partition} of '${topic}' cannot be asked`);
    const known = consumer === undefined ? read(one.partition) : committed.get(keyOf(one))?.offset;
    const stated = known ?? log.begin;
    const position = stated > log.end ? log.begin : Math.max(log.begin, stated);
    return {
      partition: one.partition,
      lag: log.end - position,
      position,
      settled: position - 1,
      end: log.end,
    };
  });
}
