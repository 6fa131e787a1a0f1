/** A client whose group has one member: it gets every partition of what it subscribes to. The test decides what the broker answers. */
import { EventEmitter } from 'node:events';
import { CODE } from '../../errors.js';
import type { NativeClient } from '../../native-client.js';
import { keyOf, type TopicPartition } from '../../questions.js';
import type { Committed, Log } from '../positions.js';

type Done = (error: unknown, result?: unknown) => void;
type Place = TopicPartition & { offset: number; metadata?: string };

/** What the brokers hold, for all consumers of a test. */
export class FakeCluster {
  readonly logs = new Map<string, Log>();
  readonly committed = new Map<string, Committed>();
  /** In words, by all consumers. */
  readonly told: string[] = [];
  /** Partitions whose commits nobody answers. */
  readonly mute = new Set<string>();
  /** Partitions that are not fetched, as they were paused. */
  readonly paused = new Set<string>();
  /** What the next poll brings. */
  arriving: unknown[] = [];
  /** What the group says, once, in place of an assignment. */
  refusal: Error | undefined;
  isAway = false;

  log(topic: string, partition: number, log: Log): void {
    this.logs.set(keyOf({ topic, partition }), log);
  }

  get client(): NativeClient {
    const cluster = this;
    class Consumer extends FakeConsumer {
      constructor(settings: Settings) {
        super(cluster, settings);
      }
    }
    return { KafkaConsumer: Consumer } as unknown as NativeClient;
  }

  partitionsOf(topic: string): TopicPartition[] {
    return [...this.logs.keys()]
      .filter((key) => key.startsWith(`${topic}:`))
      .map((key) => ({ topic, partition: Number(key.split(':')[1]) }));
  }

  /** As `Questions`. */
  get questions() {
    const offsets = (asked: readonly TopicPartition[], which: 'begin' | 'end') =>
      new Map(asked.map((one) => [keyOf(one), this.logs.get(keyOf(one))?.[which] ?? 0]));
    const infoOf = (topic: string) => {
      const partitions = this.partitionsOf(topic).map(({ partition }) => ({
        partition,
        leader: 1,
        replicas: 1,
      }));
      return { topicId: this.logs.get(`${topic}:0`)?.topicId ?? '', mayRead: true, partitions };
    };
    return {
      brokers: async () => {
        if (this.isAway) throw new Error('no answer');
        return 1;
      },
      topics: async (names: readonly string[]) => new Map(names.map((name) => [name, infoOf(name)])),
      topic: async (name: string) => infoOf(name),
      readableTopic: async (name: string) => infoOf(name),
      offsets: async (asked: readonly TopicPartition[], from: string) =>
        offsets(asked, from === 'earliest' ? 'begin' : 'end'),
    } as never;
  }
}

interface Settings {
  rebalance_cb(event: unknown, partitions: readonly TopicPartition[]): void;
  offset_commit_cb(error: unknown, offsets: readonly unknown[]): void;
  queue_non_empty_cb(): void;
}

class FakeConsumer extends EventEmitter {
  readonly #cluster: FakeCluster;
  readonly #settings: Settings;
  #isConnected = false;
  #subscribed: string[] = [];
  readonly #owned = new Set<string>();
  #answers: (() => void)[] = [];

  constructor(cluster: FakeCluster, settings: Settings) {
    super();
    this.#cluster = cluster;
    this.#settings = settings;
  }

  setDefaultConsumeTimeout(): void {}
  /** As librdkafka: also where the assignment goes meanwhile. */
  pause(places: readonly TopicPartition[]): void {
    for (const one of places) this.#cluster.paused.add(keyOf(one));
  }
  resume(places: readonly TopicPartition[]): void {
    for (const one of places) this.#cluster.paused.delete(keyOf(one));
  }
  getMetadata(): void {}
  isConnected = () => this.#isConnected;
  assignmentLost = () => false;
  subscription = () => this.#subscribed;

  connect(_: unknown, done: Done): void {
    this.#isConnected = true;
    done(null);
  }

  disconnect(done: Done): void {
    this.#isConnected = false;
    this.#cluster.told.push('disconnect');
    done(null);
  }

  subscribe(topics: readonly string[]): void {
    this.#cluster.told.push(`subscribe ${topics.join()}`);
    this.#subscribed = [...topics];
    if (this.#cluster.refusal !== undefined) return this.#settings.queue_non_empty_cb();
    const wanted = topics.flatMap((topic) => this.#cluster.partitionsOf(topic));
    const gone = [...this.#owned].filter((key) => !wanted.some((one) => keyOf(one) === key));
    const partitionOf = (key: string) => ({
      topic: key.split(':')[0] as string,
      partition: Number(key.split(':')[1]),
    });
    if (gone.length > 0) this.#settings.rebalance_cb({ code: CODE.revokePartitions }, gone.map(partitionOf));
    this.#settings.rebalance_cb(
      { code: CODE.assignPartitions },
      wanted.filter((one) => !this.#owned.has(keyOf(one))),
    );
  }

  unsubscribe(): void {
    this.#cluster.told.push('unsubscribe');
    this.#subscribed = [];
    this.emit('event.log', { message: 'Group "billing": leave (in state up)' });
  }

  incrementalAssign(places: readonly Place[]): void {
    for (const one of places) this.#owned.add(keyOf(one));
    this.#cluster.told.push(`assign ${places.map((one) => `${keyOf(one)}@${one.offset}`).join(' ')}`);
  }

  incrementalUnassign(places: readonly TopicPartition[]): void {
    for (const one of places) this.#owned.delete(keyOf(one));
  }

  seek(_: Place, __: number, done: Done): void {
    done(null);
  }

  committed(asked: readonly TopicPartition[], _: number, done: Done): void {
    done(
      null,
      asked.map((one) => ({ ...one, ...this.#cluster.committed.get(keyOf(one)) })),
    );
  }

  commit(places: readonly Place[]): void {
    this.#cluster.told.push(`commit ${places.map((one) => `${keyOf(one)}@${one.offset}`).join(' ')}`);
    const answered = places.filter((one) => !this.#cluster.mute.has(keyOf(one)));
    if (answered.length === 0) return;
    for (const { offset, metadata, ...one } of answered)
      this.#cluster.committed.set(keyOf(one), { offset, metadata });
    const refused = places.filter((one) => !answered.includes(one)).map(() => new Error('Broker: moving'));
    this.#answers.push(() => this.#settings.offset_commit_cb(null, [...answered, ...refused]));
    this.#settings.queue_non_empty_cb();
  }

  consume(_: number, done: Done): void {
    const answers = this.#answers;
    this.#answers = [];
    for (const answer of answers) answer();
    const { refusal } = this.#cluster;
    if (refusal === undefined || this.#subscribed.length === 0)
      return done(null, this.#cluster.arriving.splice(0));
    this.#cluster.refusal = undefined;
    done(refusal);
  }
}
