/** Questions to the cluster about topics, groups and offsets, over a connection that neither fetching nor sending waits on. */
import type { OffsetSpec } from '@confluentinc/kafka-javascript';
import { ConnectionError, type SubscriptionSpec, within } from '@ebus/core/driver';
import { QUESTION_MS, questionsConfig } from './client-config.js';
import type { ResolvedKafkaConfig } from './config-schema.js';
import { CODE, codeOf, mayNotRead, missingTopic, refusedSettings, saidBy } from './errors.js';
import { type Callback, called, type NativeAdmin, type NativeClient } from './native-client.js';

/** A partition of a topic, counted from 0. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** By `keyOf`. */
export type ByPartition<T> = ReadonlyMap<string, T>;

/** A map key for a partition. Topic names contain no colon. */
export const keyOf = ({ topic, partition }: TopicPartition) => `${topic}:${partition}`;

/** A topic as the cluster describes it now. */
export interface TopicInfo {
  /** Another one after the topic was made anew. */
  readonly topicId: string;
  /** True also where it was not asked, and where the broker does not say. */
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
  readonly partitions: readonly {
    readonly partition: number;
    readonly leader: number;
    readonly replicas: number;
    readonly inSync: number;
  }[];
}

/** Options of `Questions`. */
export interface QuestionsOptions {
  readonly client: NativeClient;
  readonly config: ResolvedKafkaConfig;
  readonly serviceName: string;
  /** The client's report about its connection, by event and in words. */
  onError(error: unknown): void;
}

/** The protocol's numbers for the two ends of a log, in place of a time. */
const END = -1;
const BEGINNING = -2;
/** The broker's answer for a time that no message is as new as. The client has -1001 where a broker did not answer at all. */
const NONE = -1;
const TIMEOUT = { timeout: QUESTION_MS };
/** The protocol's numbers for the operations. */
const READ = 3;
const WRITE = 4;
/** Each question holds one of the few threads that the process has for such, while no broker answers. */
const AT_ONCE = 2;

/** Asks the cluster, at most two questions at once; further ones wait in order. Each takes at most 6 s once asked. */
export class Questions {
  readonly #client: NativeAdmin;
  /** Those that wait for their turn included. */
  #asking = 0;
  #underWay = 0;
  #ping: Promise<number> | undefined;
  /** No broker answers: only whether one does is asked. */
  isAway = false;
  #closed = false;
  readonly #queue: (() => void)[] = [];

  /** Connects in the background, and again by itself. @throws ConfigError for settings that the client refuses */
  constructor({ client, config, serviceName, onError }: QuestionsOptions) {
    try {
      this.#client = client.AdminClient.create(
        questionsConfig(config, serviceName) as never,
        {
          'event.error': onError,
          'event.log': ({ message }: { message: string }) => onError(saidBy(message)),
          error: onError,
        } as never,
      ) as unknown as NativeAdmin;
    } catch (cause) {
      throw refusedSettings(cause);
    }
  }

  /**
   * A round trip, shared by concurrent callers. @returns how many brokers there are
   *
   * @param timeout milliseconds for which it holds a thread of the process, where no broker answers
   */
  async brokers(signal: AbortSignal, timeout = QUESTION_MS): Promise<number> {
    if (signal.aborted || this.#closed) throw unanswered();
    this.#ping ??= this.#called<{ brokers: unknown[] }>((done) =>
      this.#client.getMetadata({ allTopics: false, timeout }, done),
    )
      .then(({ brokers }) => brokers.length)
      .finally(() => {
        this.#ping = undefined;
      });
    return within(this.#ping, signal, () => {
      throw unanswered();
    });
  }

  /** The numbers of the brokers, and the names of all topics that this login may see. `led`: each of their partitions has a leader. */
  async cluster(signal: AbortSignal): Promise<Cluster> {
    const { brokers, topics } = await this.#ask<ListedCluster>(signal, (done) =>
      this.#client.getMetadata({ allTopics: true, ...TIMEOUT }, done),
    );
    const isLed = ({ partitions }: ListedTopic) =>
      partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
    const namesOf = (listed: readonly ListedTopic[]) => listed.map(({ name }) => name);
    const others = topics.filter((topic) => !isLed(topic));
    return {
      ...{ brokerIds: brokers.map(({ id }) => id) },
      ...{ led: namesOf(topics.filter(isLed)), others: namesOf(others) },
    };
  }

  /** Those that exist and may be seen; the others have their error. */
  async topics(
    names: readonly string[],
    signal: AbortSignal,
    { withRights = false } = {},
  ): Promise<Map<string, TopicInfo | Error>> {
    const found = new Map<string, TopicInfo | Error>();
    if (names.length === 0) return found;
    const options = { ...TIMEOUT, includeAuthorizedOperations: withRights };
    const answer = await this.#ask<TopicAnswer[]>(signal, (done) =>
      this.#client.describeTopics([...names], options, done),
    );
    for (const { name, topicId, error, partitions, authorizedOperations: may = [] } of answer) {
      const list = partitions.map(({ partition, leader, replicas, isr = replicas }) => ({
        partition,
        leader: leader?.id ?? -1,
        replicas: replicas.length,
        inSync: isr.length,
      }));
      const mayDo = (operation: number) => may.length === 0 || may.includes(operation);
      found.set(
        name,
        error
          ? Object.assign(new Error(error.message), error)
          : { topicId: topicId.base64, partitions: list, mayRead: mayDo(READ), mayWrite: mayDo(WRITE) },
      );
    }
    return found;
  }

  /** @throws `TOPIC_NOT_FOUND`, and the client's errors */
  async topic(name: string, signal: AbortSignal, options?: { withRights: boolean }): Promise<TopicInfo> {
    const info = (await this.topics([name], signal, options)).get(name);
    if (info === undefined || codeOf(info) === CODE.unknownTopicOrPartition) throw missingTopic(name, info);
    if (info instanceof Error) throw info;
    return info;
  }

  /** As `topic`. @throws also where the login may see the topic and not read it: only fetching would tell */
  async readableTopic(name: string, signal: AbortSignal): Promise<TopicInfo> {
    const info = await this.topic(name, signal, { withRights: true });
    if (!info.mayRead) throw mayNotRead(name);
    return info;
  }

  /**
   * Where reading from there begins: the end where nothing is that new. A partition that cannot be asked, such as one without
   * leader, or whose broker does not answer, is left out.
   */
  async offsets(
    partitions: readonly TopicPartition[],
    from: SubscriptionSpec['from'],
    signal: AbortSignal,
  ): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    if (partitions.length === 0) return found;
    const time = from === 'latest' ? END : from === 'earliest' ? BEGINNING : Math.max(0, from.getTime());
    const spec = partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      offset: { timestamp: time } as OffsetSpec,
    }));
    const answer = await this.#ask<OffsetAnswer[]>(signal, (done) =>
      this.#client.listOffsets(spec, TIMEOUT, done),
    );
    const rest: TopicPartition[] = [];
    for (const { topic, partition, offset, error } of answer) {
      if (offset >= 0 && !error) found.set(keyOf({ topic, partition }), offset);
      else if (!error && offset === NONE && time >= 0) rest.push({ topic, partition });
    }
    for (const [key, offset] of await this.offsets(rest, 'latest', signal)) found.set(key, offset);
    return found;
  }

  /** Does not wait: the client ends in the background, with the last question. Before, it would stop the whole process. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    if (this.#underWay === 0) this.#client.disconnect();
  }

  async #called<T>(call: (done: Callback<T>) => void): Promise<T> {
    this.#underWay++;
    try {
      return await called(call);
    } finally {
      this.#underWay--;
      if (this.#closed && this.#underWay === 0) this.#client.disconnect();
    }
  }

  async #ask<T>(signal: AbortSignal, call: (done: Callback<T>) => void): Promise<T> {
    const late = () => {
      throw unanswered();
    };
    if (signal.aborted || this.isAway) late();
    const turn =
      this.#asking++ < AT_ONCE ? undefined : new Promise<void>((resolve) => this.#queue.push(resolve));
    const asked = (async () => {
      await turn;
      if (signal.aborted || this.#closed || this.isAway) late();
      return this.#called(call);
    })();
    const next = () => {
      this.#asking--;
      this.#queue.shift()?.();
    };
    asked.then(next, next);
    return within(asked, signal, late);
  }
}

/** Whether a broker answers within the signal's time, and `timeout` milliseconds. Never rejects, whatever `questions` throws. */
export async function isAnswering(
  questions: () => Pick<Questions, 'brokers'>,
  signal: AbortSignal,
  timeout: number,
): Promise<boolean> {
  try {
    await questions().brokers(signal, timeout);
    return true;
  } catch {
    return false;
  }
}

const unanswered = () => new ConnectionError('Kafka did not answer a question in time');

interface ClientError {
  readonly message: string;
  readonly code: number;
}

interface TopicAnswer {
  readonly name: string;
  readonly topicId: { readonly base64: string };
  readonly error?: ClientError;
  /** Of this login. */
  readonly authorizedOperations?: readonly number[];
  readonly partitions: readonly {
    readonly partition: number;
    readonly leader?: { readonly id: number };
    readonly replicas: readonly unknown[];
    readonly isr?: readonly unknown[];
  }[];
}

interface Cluster {
  readonly brokerIds: readonly number[];
  readonly led: readonly string[];
  readonly others: readonly string[];
}

interface ListedCluster {
  readonly brokers: readonly { readonly id: number }[];
  readonly topics: readonly ListedTopic[];
}

interface ListedTopic {
  readonly name: string;
  readonly partitions: readonly { readonly leader: number }[];
}

interface OffsetAnswer extends TopicPartition {
  readonly offset: number;
  readonly error?: ClientError;
}
