/** Asks what `positions` decides by: the logs of partitions, and where a group stands in them. */
import type { PartitionLag, SubscriptionSpec } from '@ebus/core/driver';
import { classify, missingTopic } from '../errors.js';
import {
  type ByPartition,
  type Committed,
  keyOf,
  type Questions,
  type TopicPartition,
} from '../questions.js';
import { beginsAtFrom, type Log, type Start } from './positions.js';

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
  const infos = await questions.topics(topics, signal);
  const problems = new Map<string, unknown>();
  const asked = partitions.filter(({ topic, partition }) => {
    const info = infos.get(topic);
    if (info !== undefined && !(info instanceof Error)) {
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
 * Where partitions without a position begin, as of now. @throws `TOPIC_NOT_FOUND`, what the client says, and where a
 * partition cannot be asked: what is pinned is pinned for all
 */
export async function startsOf(
  questions: Questions,
  topic: string,
  from: SubscriptionSpec['from'],
  group: string | undefined,
  signal: AbortSignal,
): Promise<Map<string, Start>> {
  const { topicId, partitions } = await questions.topic(topic, signal);
  const all = partitions.map(({ partition }) => ({ topic, partition }));
  const committed =
    group === undefined ? new Map<string, Committed>() : await questions.committed(group, all, signal);
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
  const offsets = await questions.offsets(
    without.map((partition) => ({ topic, partition })),
    from,
    signal,
  );
  return new Map([...offsets].map(([key, offset]) => [key, { topicId, offset }]));
}

/**
 * Over all partitions of the topic, those of other members included. Where nothing is committed, or the position lies outside
 * of the log, the group stands at the beginning of the log.
 *
 * @param read where this member has read its partitions to, with everything settled: they are not behind before that
 */
export async function lagOf(
  questions: Questions,
  topic: string,
  group: string | undefined,
  read: (partition: number) => number | undefined,
  signal: AbortSignal,
): Promise<(PartitionLag & { readonly end: number })[]> {
  const { partitions } = await questions.topic(topic, signal);
  const all = partitions.map(({ partition }) => ({ topic, partition }));
  const [{ logs }, committed] = await Promise.all([
    logsOf(questions, all, signal),
    group === undefined ? new Map<string, Committed>() : questions.committed(group, all, signal),
  ]);
  return all.flatMap((one) => {
    const log = logs.get(keyOf(one));
    if (log === undefined) return [];
    const stated = Math.max(committed.get(keyOf(one))?.offset ?? log.begin, read(one.partition) ?? 0);
    const position = stated > log.end ? log.begin : Math.max(log.begin, stated);
    return [
      { partition: one.partition, lag: log.end - position, position, settled: position - 1, end: log.end },
    ];
  });
}
