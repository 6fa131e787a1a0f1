/** Questions about positions: where a group stands, and where a topic begins and ends. */

import type { Client, KafkaConsumer } from '@confluentinc/kafka-javascript';
import type { PartitionLag, SubscriptionSpec } from '@ebus/core/driver';
import { missingTopic } from './errors.js';
import { called } from './native-client.js';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

const TIMEOUT_MS = 5_000;
/** What the protocol calls the two ends, in place of a time. */
const END = -1;
const BEGINNING = -2;

interface PartitionMetadata {
  readonly id: number;
  readonly leader: number;
  readonly replicas: readonly number[];
}

/** What the cluster says about a topic, asked once; empty where it does not have it. */
export async function metadataOf(client: Client<string>, topic: string): Promise<PartitionMetadata[]> {
  const { topics } = await called<{ topics: { name: string; partitions: PartitionMetadata[] }[] }>((done) =>
    client.getMetadata({ topic, allTopics: false, timeout: TIMEOUT_MS } as never, done as never),
  );
  return topics.find(({ name }) => name === topic)?.partitions ?? [];
}

/** The partitions of a topic. @throws TOPIC_NOT_FOUND */
export async function partitionsOf(client: KafkaConsumer, topic: string): Promise<TopicPartition[]> {
  const partitions = await metadataOf(client, topic);
  if (partitions.length === 0) throw missingTopic(topic);
  return partitions.map(({ id }) => ({ topic, partition: id }));
}

/** By `key`; what the group has no position for is left out. */
export async function committedOffsets(
  client: KafkaConsumer,
  partitions: readonly TopicPartition[],
): Promise<Map<string, number>> {
  if (partitions.length === 0) return new Map();
  const answer = await called<{ topic: string; partition: number; offset?: number }[]>((done) =>
    client.committed([...partitions], TIMEOUT_MS, done as never),
  );
  return known(answer);
}

/** By `key`: where reading from there begins. */
export async function offsetsAt(
  client: KafkaConsumer,
  partitions: readonly TopicPartition[],
  from: SubscriptionSpec['from'],
): Promise<Map<string, number>> {
  if (partitions.length === 0) return new Map();
  if (!(from instanceof Date)) return ask(client, partitions, from === 'latest' ? END : BEGINNING);
  const found = await ask(client, partitions, Math.max(0, from.getTime()));
  // Nothing is that new: the end.
  const rest = partitions.filter((one) => !found.has(keyOf(one)));
  for (const [key, offset] of await offsetsAt(client, rest, 'latest')) found.set(key, offset);
  return found;
}

/**
 * Where a group without a position starts in each partition, as of now: left out where it has a position, or where it has
 * one on the topic at all, so that a partition which was added meanwhile is read from its beginning.
 */
export async function pinnedStarts(
  client: KafkaConsumer,
  topic: string,
  from: SubscriptionSpec['from'],
): Promise<Map<string, number>> {
  const partitions = await partitionsOf(client, topic);
  const committed = await committedOffsets(client, partitions);
  return offsetsAt(client, partitions, committed.size > 0 ? 'earliest' : from);
}

/**
 * Over all partitions of the topic, those of other members included. Where nothing is committed, or retention has passed
 * what is, the group stands at the beginning of the log.
 */
export async function lagOf(
  client: KafkaConsumer,
  topic: string,
): Promise<(PartitionLag & { end: number })[]> {
  const partitions = await partitionsOf(client, topic);
  const committed = await committedOffsets(client, partitions);
  const begins = await offsetsAt(client, partitions, 'earliest');
  const ends = await offsetsAt(client, partitions, 'latest');
  return partitions.map((one) => {
    const key = keyOf(one);
    const begin = begins.get(key) ?? 0;
    const end = ends.get(key) ?? begin;
    const position = Math.max(begin, committed.get(key) ?? begin);
    const lag = Math.max(0, end - position);
    return { partition: one.partition, lag, position, settled: position - 1, end };
  });
}

export const keyOf = ({ topic, partition }: TopicPartition) => `${topic}:${partition}`;

async function ask(
  client: KafkaConsumer,
  partitions: readonly TopicPartition[],
  time: number,
): Promise<Map<string, number>> {
  const times = partitions.map(({ topic, partition }) => ({ topic, partition, offset: time }));
  return known(
    await called<{ topic: string; partition: number; offset?: number }[]>((done) =>
      client.offsetsForTimes(times, TIMEOUT_MS, done as never),
    ),
  );
}

function known(
  answer: readonly { topic: string; partition: number; offset?: number }[],
): Map<string, number> {
  const offsets = new Map<string, number>();
  for (const one of answer) {
    if (one.offset !== undefined && one.offset >= 0) offsets.set(keyOf(one), one.offset);
  }
  return offsets;
}
