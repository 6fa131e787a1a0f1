/** Looking at a topic: by a consumer of one's own that is assigned partitions, so it joins no group, and commits nothing. */
import { randomUUID } from 'node:crypto';
import type { Message } from '@confluentinc/kafka-javascript';
import {
  abortError,
  type BrowseSpec,
  type CallOptions,
  ConnectionError,
  EbusError,
  type IncomingMessage,
  reasonOf,
} from '@ebus/core/driver';
import { consumerConfig } from './client-config.js';
import type { ResolvedKafkaConfig } from './config-schema.js';
import { classify, isLoginRefused, refusedSettings } from './errors.js';
import { called, type NativeClient, type NativeConsumer, within } from './native-client.js';
import { committedOffsets, keyOf, offsetsAt, partitionsOf, type TopicPartition } from './offsets.js';
import { KafkaDelivery, Partition } from './partition.js';

const BATCH = 128;
/** How long one question may block a thread, where nothing comes. */
const POLL_MS = 100;
const CONNECT_MS = 2_000;
const LEAVE_MS = 2_000;

export interface BrowseParts {
  readonly client: NativeClient;
  readonly config: ResolvedKafkaConfig;
  readonly serviceName: string;
  onError(error: unknown): void;
}

/** @throws EbusError `ABORTED`, `TOPIC_NOT_FOUND`, and what the client says */
export async function* browse(
  spec: BrowseSpec,
  { signal }: CallOptions,
  parts: BrowseParts,
): AsyncGenerator<IncomingMessage> {
  const { topic, from } = spec;
  const aborted = () => abortError(signal, `looking at '${topic}'`);
  if (signal.aborted) throw aborted();
  const group = from === 'earliest' ? `ebus-look-${randomUUID()}` : from.group;
  const consumer = newConsumer(group, parts);
  const ended = new Set<number>();
  let refused: unknown;
  consumer.on('partition.eof', ({ partition }: TopicPartition) => void ended.add(partition));
  consumer.on('event.error', (error: unknown) => {
    if (isLoginRefused(error)) refused = error;
    parts.onError(error);
  });
  try {
    await within(
      called((done) => consumer.connect({ allTopics: false, timeout: CONNECT_MS }, done as never)),
      signal,
      aborted,
    );
    const { starts, ends } = await within(rangesOf(consumer, spec), signal, aborted);
    const partitions = new Map([...starts].map(([id, start]) => [id, new Partition(topic, id, start)]));
    const isLeft = (id: number) => !ended.has(id) && (partitions.get(id)?.next ?? 0) < (ends.get(id) ?? 0);
    if (![...partitions.keys()].some(isLeft)) return;
    consumer.assign([...starts].map(([partition, offset]) => ({ topic, partition, offset })));
    while ([...partitions.keys()].some(isLeft)) {
      const batch = await within(
        called<Message[]>((done) => consumer.consume(BATCH, done as never)),
        signal,
        aborted,
      );
      if (refused !== undefined) throw new ConnectionError(reasonOf(refused), { cause: refused });
      for (const message of batch) {
        const partition = partitions.get(message.partition);
        if (partition === undefined || message.offset >= (ends.get(message.partition) ?? 0)) continue;
        partition.next = message.offset + 1;
        yield new KafkaDelivery(message, partition, Date.now());
        if (signal.aborted) throw aborted();
      }
    }
  } catch (cause) {
    throw cannotLook(topic, cause);
  } finally {
    await leave(consumer);
  }
}

function newConsumer(group: string, { client, config, serviceName }: BrowseParts): NativeConsumer {
  try {
    const settings = {
      ...consumerConfig(config, serviceName, group, false),
      'enable.partition.eof': true,
    };
    const consumer = new client.KafkaConsumer(settings as never) as NativeConsumer;
    consumer.setDefaultConsumeTimeout(POLL_MS);
    return consumer;
  } catch (cause) {
    throw refusedSettings(cause);
  }
}

/** By partition: where looking begins, and where the log ends now. */
async function rangesOf(consumer: NativeConsumer, { topic, from }: BrowseSpec) {
  const partitions = await partitionsOf(consumer, topic);
  const begins = await offsetsAt(consumer, partitions, 'earliest');
  const committed =
    from === 'earliest' ? new Map<string, number>() : await committedOffsets(consumer, partitions);
  const log = await offsetsAt(consumer, partitions, 'latest');
  const starts = new Map<number, number>();
  const ends = new Map<number, number>();
  for (const one of partitions) {
    const begin = begins.get(keyOf(one)) ?? 0;
    const end = log.get(keyOf(one)) ?? begin;
    // A position outside of the log says nothing about it.
    const position = committed.get(keyOf(one));
    const start = position !== undefined && position >= begin && position <= end ? position : begin;
    starts.set(one.partition, start);
    ends.set(one.partition, end);
  }
  return { starts, ends };
}

function cannotLook(topic: string, cause: unknown): EbusError {
  return EbusError.from(cause, (reason) => {
    const { code, retryable } = classify(cause);
    return new EbusError(`looking at '${topic}' over Kafka failed: ${reason}`, { code, retryable, cause });
  });
}

async function leave(consumer: NativeConsumer): Promise<void> {
  if (!consumer.isConnected()) return;
  const left = called((done) => consumer.disconnect(done as never));
  await within(left, AbortSignal.timeout(LEAVE_MS), () => new Error('late')).catch(() => {});
}
