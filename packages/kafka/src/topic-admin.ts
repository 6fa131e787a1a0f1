/** Administration, by kafkajs: librdkafka's binding can neither describe nor alter a topic. */

import {
  type BrokerFigures,
  type CallOptions,
  type Clock,
  type DriverTopicAdmin,
  type EnsuredTopic,
  type EnsureSpec,
  type GroupFigures,
  type NewTopicSpec,
  type Persistence,
  pause,
  type TopicDescription,
  type TopicFigures,
  type TopicSpec,
  within,
} from '@ebus/core/driver';
import type { Admin, ConfigEntries } from 'kafkajs';
import { AdminClient } from './admin-client.js';
import { QUESTION_MS, UNKNOWN_TOPIC_MS } from './client-config.js';
import type { ResolvedKafkaConfig } from './config-schema.js';
import { CODE, cannotAdminister, codeOf, isWithoutLeader, missingTopic, unanswered } from './errors.js';
import type { GroupState } from './group/settling.js';
import { brokerFigures, groupsOf, missingRights, topicFigures } from './inspection.js';
import type { Questions } from './questions.js';
import {
  checkLevel,
  compressionOf,
  entries,
  isShown,
  RETENTION_MS,
  type Setting,
  SUPPORTED,
  settingsOf,
} from './topic-settings.js';

/** The protocol's number for partitions and replicas that the broker is to choose. */
const BROKERS = -1;
/** Description of where a setting comes from: the topic itself. */
const TOPIC_CONFIG = 1;

/** A new topic is not known to every broker at once. */
const LOOK_MS = 20;
/** The protocol's number for a topic among the resources with settings. */
const TOPIC = 2;

interface TopicAdminOptions {
  readonly config: ResolvedKafkaConfig;
  readonly serviceName: string;
  readonly clock: Clock;
  questions(): Questions;
  /** A topic has other settings now. */
  onChanged(topic: string): void;
}

/** Creates, describes and alters topics. The admin client connects with the first call. */
export class TopicAdmin implements DriverTopicAdmin {
  readonly supports = new Set<keyof TopicSpec>(SUPPORTED);
  readonly #options: TopicAdminOptions;
  #client: AdminClient | undefined;

  constructor(options: TopicAdminOptions) {
    this.#options = options;
  }

  defaults(persistence: Persistence): Partial<TopicSpec> {
    return { retentionMs: RETENTION_MS[persistence] };
  }

  get client(): Admin | undefined {
    return this.#client?.connected;
  }

  /** Asked of any broker: a topic that is there needs no right to administer. */
  async ensure(topic: string, { create }: EnsureSpec, options: CallOptions): Promise<EnsuredTopic> {
    const layout = await this.#layoutOf(topic, options.signal, { leaders: false });
    if (layout !== undefined) return { created: false, description: { name: topic, ...layout } };
    if (create === undefined) throw missingTopic(topic);
    return { created: await this.create(topic, create, options) };
  }

  describe(topic: string, options: CallOptions): Promise<TopicDescription | undefined> {
    return this.#do('describe', topic, options, async (admin) => {
      // One without a leader is there: it must not be taken for missing.
      const layout = await this.#layoutOf(topic, options.signal, { leaders: false });
      if (layout === undefined) return undefined;
      return { name: topic, ...layout, ...settingsOf(await entriesOf(admin, topic)) };
    });
  }

  create(topic: string, spec: NewTopicSpec, options: CallOptions): Promise<boolean> {
    checkLevel(topic, spec.compression, spec.compressionLevel);
    return this.#do('create', topic, options, async (admin) => {
      // What is left out is the broker's affair: its `num.partitions`, its `default.replication.factor`.
      const { partitions = BROKERS, replicas = BROKERS } = spec;
      const settings = entries(spec);
      const configEntries =
        settings.length === 0 ? [] : [{ name: 'cleanup.policy', value: 'delete' }, ...settings];
      // False where it exists by now.
      const created = await admin.createTopics({
        topics: [{ topic, numPartitions: partitions, replicationFactor: replicas, configEntries }],
        waitForLeaders: false,
      });
      // One that is there and cannot be seen is not this client's to see.
      const { signal } = options;
      const { clock } = this.#options;
      const until = created ? Number.POSITIVE_INFINITY : clock.monotonic() + UNKNOWN_TOPIC_MS;
      const mayWait = () => !signal.aborted && clock.monotonic() < until;
      while ((await this.#layoutOf(topic, signal)) === undefined && mayWait())
        await pause(clock, LOOK_MS, signal);
      this.#options.onChanged(topic);
      return created;
    });
  }

  alter(topic: string, changes: Partial<TopicSpec>, options: CallOptions): Promise<void> {
    return this.#do('change', topic, options, async (admin) => {
      const { partitions, ...settings } = changes;
      if (partitions !== undefined) await this.#widen(admin, topic, partitions, options.signal);
      const changed = Object.keys(settings).length > 0 ? await this.#changed(admin, topic, settings) : [];
      if (changed.length > 0) {
        const resource = { type: TOPIC, name: topic, configEntries: changed };
        await admin.alterConfigs({ validateOnly: false, resources: [resource] });
        await this.#untilShown(admin, topic, changed, options.signal);
      }
      this.#options.onChanged(topic);
    });
  }

  listTopics(names: readonly string[] | undefined, options: CallOptions): Promise<TopicFigures[]> {
    return this.#do('list', undefined, options, (admin) =>
      topicFigures(names, { admin, questions: this.#options.questions(), ...options }),
    );
  }

  listGroups(topic: string, options: CallOptions): Promise<GroupFigures[]> {
    return this.#do('list the groups of', topic, options, (admin) =>
      groupsOf(topic, { admin, questions: this.#options.questions(), ...options }),
    );
  }

  describeBroker(options: CallOptions): Promise<BrokerFigures> {
    return this.#do('ask about', undefined, options, (admin) =>
      brokerFigures({ admin, questions: this.#options.questions(), ...options }),
    );
  }

  missingRights(topic: string, group: string, options: CallOptions): Promise<string[]> {
    return this.#do('ask for rights on', topic, options, async (admin, client) => {
      const questions = this.#options.questions();
      const refusal = () => client.refusalOf(group);
      return missingRights(topic, group, { admin, refusal, questions, ...options });
    });
  }

  /** The broker says what this login may do. */
  async mayPublish(topic: string, { signal }: CallOptions): Promise<boolean> {
    return (await this.#options.questions().topic(topic, signal, { withRights: true })).mayWrite;
  }

  /** Until the brokers tell of it: one that does not know yet would be asked to do it once more. */
  async #widen(admin: Admin, topic: string, count: number, signal: AbortSignal): Promise<void> {
    const refusal = await admin.createPartitions({ topicPartitions: [{ topic, count }] }).then(
      () => undefined,
      (error: unknown) => error,
    );
    const { clock } = this.#options;
    const until = clock.monotonic() + UNKNOWN_TOPIC_MS;
    while (!signal.aborted && clock.monotonic() < until) {
      if (((await this.#layoutOf(topic, signal))?.partitions ?? 0) >= count) return;
      await pause(clock, LOOK_MS, signal);
    }
    if (refusal !== undefined) throw refusal;
  }

  /** By kafkajs: librdkafka's binding crashes when it is told of a group that the broker does not have. */
  async groupState(group: string): Promise<GroupState> {
    const { groups } = await (await this.#present().connect()).describeGroups([group]);
    return { state: groups[0]?.state ?? '', members: groups[0]?.members.length ?? 0 };
  }

  /** Made again at the next call. */
  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  #present(): AdminClient {
    const { config, serviceName } = this.#options;
    this.#client ??= new AdminClient(config, serviceName, () => this.#ledTopic());
    return this.#client;
  }

  async #ledTopic(): Promise<string | undefined> {
    const { questions, clock } = this.#options;
    try {
      return (await questions().cluster(clock.timeout(QUESTION_MS))).led[0];
    } catch {
      // Then it asks for all topics: nothing is lost by that where all have leaders.
      return undefined;
    }
  }

  /** A broker may tell the old settings for a while, which the next change would write again. */
  async #untilShown(admin: Admin, topic: string, written: readonly Setting[], signal: AbortSignal) {
    const { clock } = this.#options;
    const until = clock.monotonic() + UNKNOWN_TOPIC_MS;
    while (!isShown(written, await entriesOf(admin, topic)) && !signal.aborted && clock.monotonic() < until)
      await pause(clock, LOOK_MS, signal);
  }

  /** Altering replaces the whole set, so unchanged settings are written again. */
  async #changed(admin: Admin, topic: string, settings: Partial<TopicSpec>) {
    const present = await entriesOf(admin, topic);
    const { compressionLevel, compression = compressionOf(present) } = settings;
    checkLevel(topic, compression, compressionLevel);
    // A level belongs to an algorithm; without one, the algorithm that is there is not written again.
    const changes = compressionLevel === undefined ? settings : { ...settings, compression };
    const merged = new Map<string, string>();
    for (const { configName, configValue, configSource } of present) {
      if (Number(configSource) === TOPIC_CONFIG) merged.set(configName, configValue);
    }
    for (const { name, value } of entries(changes)) merged.set(name, value);
    return [...merged].map(([name, value]) => ({ name, value }));
  }

  async #do<T>(
    what: string,
    topic: string | undefined,
    { signal }: CallOptions,
    action: (admin: Admin, client: AdminClient) => Promise<T>,
  ): Promise<T> {
    const doing = `${what} ${topic === undefined ? 'topics' : `topic '${topic}'`}`;
    let client: AdminClient | undefined;
    const work = (async () => {
      client = this.#present();
      return action(await client.connect(), client);
    })();
    try {
      return await within(work, signal, () => {
        throw unanswered(doing);
      });
    } catch (cause) {
      // A connection that was replaced meanwhile says nothing about the topic.
      const wasReplaced = client !== undefined && client !== this.#client;
      // The topic that it looks at may have lost its leader: the next client looks at another one.
      if (isWithoutLeader(cause)) this.close();
      throw cannotAdminister(doing, cause, wasReplaced);
    }
  }

  /** By librdkafka: kafkajs asks five times for a missing topic. Undefined while a partition has no leader yet. */
  async #layoutOf(
    topic: string,
    signal: AbortSignal,
    { leaders = true } = {},
  ): Promise<{ partitions: number; replicas: number } | undefined> {
    const info = (await this.#options.questions().topics([topic], signal)).get(topic);
    if (info === undefined || codeOf(info) === CODE.unknownTopicOrPartition) return undefined;
    if (info instanceof Error) throw info;
    if (leaders && info.partitions.some(({ leader }) => leader < 0)) return undefined;
    return { partitions: info.partitions.length, replicas: info.partitions[0]?.replicas ?? 1 };
  }
}

async function entriesOf(admin: Admin, topic: string): Promise<readonly ConfigEntries[]> {
  const resource = { type: TOPIC, name: topic };
  const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
  return resources[0]?.configEntries ?? [];
}
