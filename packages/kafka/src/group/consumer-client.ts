/** Opens a group's consumer: one attempt, and a consumer that comes too late leaves again. */
import type { Message } from '@confluentinc/kafka-javascript';
import { consumerConfig } from '../client-config.js';
import type { ResolvedKafkaConfig } from '../config-schema.js';
import { refusedSettings } from '../errors.js';
import { called, type NativeClient, type NativeConsumer } from '../native-client.js';
import type { TopicPartition } from '../questions.js';

/** The parts that every client is made from. */
export interface ClientOptions {
  readonly client: NativeClient;
  readonly config: ResolvedKafkaConfig;
  readonly serviceName: string;
}

interface ConsumerEvents {
  /** Must be answered by an (incremental) assignment or its release, also after errors. */
  rebalance(event: unknown, partitions: readonly TopicPartition[]): void;
  committed(error: unknown, offsets: readonly unknown[]): void;
  /** There are messages to poll. */
  readable(): void;
  /** Reading has reached the end of the log. */
  end(place: TopicPartition & { readonly offset: number }): void;
  error(error: unknown): void;
  /** The client has learned that the topic was made anew: later messages are of the new log. */
  renewed?(topic: string, topicId: string): void;
  /** How far the client's membership is, in its words: `init`, `wait-join`, `wait-sync`, `steady`, … */
  membership?(state: string): void;
  /** The client tells its group that it leaves. */
  left?(): void;
}

/** Hears nothing. */
const DEAF: ConsumerEvents = { rebalance() {}, committed() {}, readable() {}, end() {}, error() {} };

/**
 * Who hears of a consumer. The client holds its callbacks for as long as the process lives, also once it has left the group. They
 * find the listener here, so that a bus that is closed is not held with them.
 */
const listeners = new WeakMap<NativeConsumer, { events: ConsumerEvents }>();

/** Of the client's debugging lines about topics; also said when it first hears of one. */
const RENEWED = /Topic (\S+) changed id from \S+ to (\S+)$/;
/** Of those about its group. */
const MEMBERSHIP = /changed join state \S+ -> (\S+)/;
const LEFT = /: leave \(in state /;

/** How long one attempt to connect may block a thread. */
const CONNECT_MS = 5_000;

/** Not connected yet. @throws ConfigError for settings that the client refuses */
export function newConsumer(
  { client, config, serviceName }: ClientOptions,
  group: string,
  events: ConsumerEvents,
): NativeConsumer {
  const to = { events };
  let consumer: NativeConsumer;
  try {
    const settings = settingsFor(consumerConfig(config, serviceName, group), to);
    consumer = new client.KafkaConsumer(settings as never) as NativeConsumer;
  } catch (cause) {
    throw refusedSettings(cause);
  }
  listeners.set(consumer, to);
  // Polling never blocks: the client says when its queue is no longer empty.
  consumer.setDefaultConsumeTimeout(0);
  consumer.on('partition.eof', (place: TopicPartition & { offset: number }) => to.events.end(place));
  consumer.on('event.error', (error: unknown) => to.events.error(error));
  consumer.on('event.log', ({ message }: { message: string }) => {
    const [, topic, topicId] = RENEWED.exec(message) ?? [];
    if (topic !== undefined && topicId !== undefined) to.events.renewed?.(topic, topicId);
    const [, state] = MEMBERSHIP.exec(message) ?? [];
    if (state !== undefined) to.events.membership?.(state);
    if (LEFT.test(message)) to.events.left?.();
  });
  return consumer;
}

/** Apart, so that the callbacks hold on to nothing but these. */
function settingsFor(settings: object, to: { readonly events: ConsumerEvents }): object {
  return {
    ...settings,
    rebalance_cb: (event: unknown, partitions: TopicPartition[]) => to.events.rebalance(event, partitions),
    offset_commit_cb: (error: unknown, offsets: unknown[]) => to.events.committed(error, offsets),
    queue_non_empty_cb: () => to.events.readable(),
  };
}

/** Connects once. The client's own timeout is 5 s. */
export function connect(consumer: NativeConsumer): Promise<void> {
  return called((done) => consumer.connect({ allTopics: false, timeout: CONNECT_MS }, done as never));
}

/** Ends the client. One that is unsubscribing is to have told its group before: it would end without that. */
export async function leave(consumer: NativeConsumer): Promise<void> {
  try {
    if (consumer.isConnected()) await called((done) => consumer.disconnect(done as never));
  } finally {
    const to = listeners.get(consumer);
    if (to !== undefined) to.events = DEAF;
  }
}

/** Polls at most so many messages without blocking, unless another consume timeout is set. */
export function poll(consumer: NativeConsumer, most: number): Promise<readonly Message[]> {
  return called<readonly Message[]>((done) => consumer.consume(most, done as never));
}
