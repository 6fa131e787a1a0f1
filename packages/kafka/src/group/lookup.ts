/** Asks what `positions` decides by: the logs of partitions, and where a group stands in them. */
import { ConnectionError, type PartitionLag, type SubscriptionSpec, within } from '@ebus/core/driver';
import { CODE, classify, mayNotRead, missingTopic } from '../errors.js';
import { called, type NativeConsumer } from '../native-client.js';
import {
  type ByPartition,
  keyOf,
  type Questions,
  type TopicInfo,
  type TopicPartition,
} from '../questions.js';
import { decodeMetadata } from './commit-metadata.js';
import { beginsAtFrom, type Committed, type Log, outsideLog, type Start } from './positions.js';

const COMMITTED_MS = 5_000;

/**
 * The committed positions of the consumer's group; partitions without one are left out. Asked over the consumer's own
 * connection to its coordinator, which fetching does not hold up. (librdkafka's admin client crashes where a
 * coordinator moves.)
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
    if (one instanceof Error) {
      if (/authorization failed/i.test(one.message))
        throw Object.assign(one, { code: CODE.groupUnauthorized });
      throw new ConnectionError(`a committed offset is not told: ${one.message}`, { cause: one });
    }
    const { offset, metadata } = one;
    if (offset !== undefined && offset >= 0) found.set(keyOf(one), { offset, metadata });
  }
  return found;
}

type CommittedAnswer = Error | (TopicPartition & Partial<Committed>);

/** Of partitions that can be asked: one without a leader is left out. */
export interface Logs {
  readonly logs: ByPartition<Log>;
  /** By topic: those that are not there or not allowed. */
  readonly problems: ReadonlyMap<string, unknown>;
  /** By topic: how many partitions it has. */
  readonly widths: ReadonlyMap<string, number>;
}

/** Begin, end and topic id of each partition's log, now. Topics that cannot be read are in `problems`. */
export async function logsOf(
  questions: Questions,
  partitions: readonly TopicPartition[],
  signal: AbortSignal,
): Promise<Logs> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const infos = await questions.topics(topics, signal, { withRights: true });
  const problems = new Map<string, unknown>();
  const widths = new Map<string, number>();
  for (const topic of topics) {
    const info = infos.get(topic);
    if (info === undefined || info instanceof Error) {
      const isMissing = info === undefined || classify(info).code === 'TOPIC_NOT_FOUND';
      problems.set(topic, isMissing ? missingTopic(topic, info) : info);
      continue;
    }
    widths.set(topic, info.partitions.length);
    if (!info.mayRead) problems.set(topic, mayNotRead(topic));
  }
  return { logs: await endsOf(questions, infos, partitions, signal), problems, widths };
}

/** Begin, end and topic id of each partition's log, now; one without a leader is left out. */
export async function endsOf(
  questions: Questions,
  infos: ReadonlyMap<string, TopicInfo | Error>,
  partitions: readonly TopicPartition[],
  signal: AbortSignal,
): Promise<ByPartition<Log>> {
  const asked = partitions.flatMap(({ topic, partition }) => {
    const info = infos.get(topic);
    if (info === undefined || info instanceof Error) return [];
    const isLed = info.partitions.some((one) => one.partition === partition && one.leader >= 0);
    return isLed ? [{ topic, partition, topicId: info.topicId }] : [];
  });
  const [begins, ends] = await Promise.all([
    questions.offsets(asked, 'earliest', signal),
    questions.offsets(asked, 'latest', signal),
  ]);
  const logs = new Map<string, Log>();
  for (const one of asked) {
    const key = keyOf(one);
    const [begin, end] = [begins.get(key), ends.get(key)];
    if (begin !== undefined && end !== undefined) logs.set(key, { topicId: one.topicId, begin, end });
  }
  return logs;
}

/**
 * Where partitions without a position begin, as of now. @throws `TOPIC_NOT_FOUND`, where the topic may not be read, the
 * client's errors, and where a partition cannot be asked: starts are pinned for all or none
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

/** Up to where a partition was read, and in which log. */
export interface Place {
  readonly offset: number;
  readonly topicId: string | undefined;
}

/**
 * Over all partitions of the topic, those of other members included. Without a committed position, or with one outside
 * this log, the group stands at the beginning of the log.
 *
 * @param consumer undefined for a reader without a group, whose position is the end of its settled messages
 * @param read up to where that is
 */
export async function lagOf(
  questions: Questions,
  topic: string,
  consumer: NativeConsumer | undefined,
  read: (partition: number) => Place | undefined,
  signal: AbortSignal,
): Promise<(PartitionLag & { readonly end: number })[]> {
  const info = await questions.topic(topic, signal);
  const all = info.partitions.map(({ partition }) => ({ topic, partition }));
  // First: a position that was committed after the end was asked may lie beyond it.
  const committed = consumer === undefined ? undefined : await committedOf(consumer, all, signal);
  const places = all.map((one) =>
    committed === undefined ? read(one.partition) : placeOf(committed.get(keyOf(one))),
  );
  const logs = await endsOf(questions, new Map([[topic, info]]), all, signal);
  return all.map((one, i) => {
    const log = logs.get(keyOf(one));
    // What cannot be asked is not nothing.
    if (log === undefined)
      throw new ConnectionError(`partition ${one.partition} of '${topic}' cannot be asked`);
    const stated = places[i];
    const isInside = stated !== undefined && outsideLog(log, stated.offset, stated.topicId) === undefined;
    const position = isInside ? stated.offset : log.begin;
    return {
      partition: one.partition,
      lag: log.end - position,
      position,
      settled: position - 1,
      end: log.end,
    };
  });
}

function placeOf(committed: Committed | undefined): Place | undefined {
  if (committed === undefined) return undefined;
  const { offset, metadata } = committed;
  return { offset, topicId: decodeMetadata(metadata, offset)?.topicId };
}
