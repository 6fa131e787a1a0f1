/** The driver: lifecycle of the clients, and who of them does what. */
import type { KafkaConsumer, Producer } from '@confluentinc/kafka-javascript';
import {
  type AttemptOptions,
  type BrowseSpec,
  type CallOptions,
  type Capabilities,
  type Clock,
  ConfigError,
  ConnectionError,
  type Driver,
  type DriverHost,
  type DriverSubscription,
  type ErrorClass,
  type IncomingMessage,
  type NewTopicSpec,
  type Persistence,
  type PingReply,
  type SendRecord,
  type ServerAddress,
  type SubscriptionSink,
  type SubscriptionSpec,
  serverAddress,
  TopicNameError,
  UnsupportedError,
  within,
} from '@ebus/core/driver';
import type { Admin } from 'kafkajs';
import { browse } from './browse.js';
import { capabilitiesOf } from './capabilities.js';
import type { ResolvedKafkaConfig } from './config-schema.js';
import { Connection } from './connection.js';
import { classify } from './errors.js';
import { Membership, type MembershipOptions } from './group/membership.js';
import type { NativeClient } from './native-client.js';
import { Retirement } from './retirement.js';
import { weaknessesOf } from './security-config.js';
import { Sender } from './sender.js';
import { TopicAdmin } from './topic-admin.js';

/** The clients behind a bus. */
export interface KafkaNative {
  /** Undefined until the first publish. */
  readonly producer: Producer | undefined;
  /** By group. */
  readonly consumers: ReadonlyMap<string, KafkaConsumer>;
  /** kafkajs' admin client; undefined until a topic was administered. */
  readonly admin: Admin | undefined;
}

/** Leaving all groups where the cluster answers: the settling down of each is bounded. */
const LEAVE_MS = 7_000;

/** Kafka as a driver: librdkafka for messages, kafkajs for administration. */
export class KafkaDriver implements Driver<KafkaNative> {
  readonly specVersion = 2;
  readonly system = 'kafka';
  readonly defaultPersistence: Persistence = 'persistent';
  readonly isShared = true;
  readonly defaultGroup: string | undefined;
  readonly clientId: string | undefined;
  /** The first of the configured brokers: it names the cluster, and not the leader of a partition. */
  readonly server: ServerAddress | undefined;
  readonly defaultFrom: 'earliest' | 'latest';
  readonly admin: TopicAdmin;
  readonly #client: NativeClient;
  readonly #config: ResolvedKafkaConfig;
  readonly #serviceName: string;
  readonly #groups = new Map<string, Membership>();
  /** By group: see `MembershipOptions.pins`. */
  readonly #pins = new Map<string, MembershipOptions['pins']>();
  readonly #connection: Connection;
  #host: DriverHost | undefined;
  #sender: Sender | undefined;
  readonly #clock: Clock;
  readonly #retirement: Retirement;
  /** Groups that are being left. */
  readonly #cleanUps = new Set<Promise<void>>();

  constructor(client: NativeClient, config: ResolvedKafkaConfig, serviceName: string, clock: Clock) {
    this.#client = client;
    this.#config = config;
    this.#serviceName = serviceName;
    this.defaultGroup = config.consumer.groupId;
    this.clientId = config.clientId;
    this.server = serverAddress(config.brokers[0]);
    this.defaultFrom = config.consumer.autoOffsetReset;
    this.#clock = clock;
    this.#retirement = new Retirement(clock, config);
    this.#connection = new Connection({ client, config, serviceName, clock });
    this.admin = new TopicAdmin({
      config,
      serviceName,
      clock,
      questions: () => this.#connection.questions,
      onChanged: (topic) => {
        this.#sender?.forget(topic);
        for (const group of this.#groups.values()) group.widened(topic);
      },
    });
  }

  get native(): KafkaNative {
    const consumers = new Map<string, KafkaConsumer>();
    for (const [group, { client }] of this.#groups) if (client !== undefined) consumers.set(group, client);
    return { producer: this.#sender?.producer, consumers, admin: this.admin.client };
  }

  capabilities(persistence: Persistence): Capabilities {
    return capabilitiesOf(this.#config, persistence);
  }

  validateTopic(topic: string): void {
    if (topic.length > 249)
      throw new TopicNameError(topic, `Kafka takes at most 249 characters, not ${topic.length}`);
    if (topic === '.' || topic === '..') throw new TopicNameError(topic, "Kafka refuses '.' and '..'");
    if (!/^[a-zA-Z0-9._-]+$/.test(topic)) {
      throw new TopicNameError(topic, 'Kafka takes only a-z, A-Z, 0-9, -, _ and .');
    }
  }

  async connect(host: DriverHost, { signal, attempt }: AttemptOptions): Promise<void> {
    if (this.#host === undefined) this.#warnOf(host);
    this.#host = host;
    await this.#connection.dial(host, attempt, signal);
    this.#sender = this.#newSender(host);
  }

  async reconnect({ signal, attempt }: AttemptOptions): Promise<void> {
    const host = this.#connectedHost();
    void this.#sender?.close(new ConnectionError('the connection to Kafka is being replaced'));
    this.#sender = undefined;
    this.admin.close();
    await this.#connection.dial(host, attempt, signal);
    this.#sender = this.#newSender(host);
    const late = () => {
      throw this.#connection.cannotConnect();
    };
    await within(Promise.all([...this.#groups.values()].map((group) => group.reconnect())), signal, late);
  }

  async ping({ signal }: CallOptions): Promise<PingReply> {
    return { brokers: await this.#connection.questions.brokers(signal) };
  }

  send(record: SendRecord): void {
    if (this.#config.producer.requiredAcks === 0 && record.persistence === 'persistent') {
      throw new UnsupportedError(
        `topic '${record.topic}' is persistent, and kafka.producer.requiredAcks is 0, which acknowledges nothing; ` +
          'use -1, or make the topic ephemeral',
      );
    }
    if (this.#sender === undefined) throw this.#connection.notConnected();
    this.#sender.send(record);
  }

  async subscribe(
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    options: AttemptOptions,
  ): Promise<DriverSubscription> {
    const { group } = spec;
    // The client cuts it off, and would join another group.
    if (group !== group.trim()) {
      throw new ConfigError(`group '${group}' begins or ends with white space, which Kafka's client drops`, {
        problems: [{ path: 'group', message: 'must not begin or end with white space' }],
      });
    }
    await this.#makeDeclared(this.#declaredFor(spec), options);
    return this.#group(spec).join(spec, sink, options);
  }

  browse(spec: BrowseSpec, options: CallOptions): AsyncIterable<IncomingMessage> {
    const host = this.#connectedHost();
    return browse(spec, options, {
      client: this.#client,
      config: this.#config,
      serviceName: this.#serviceName,
      clock: host.clock,
      questions: this.#connection.questions,
      onError: (err) => host.logger.debug({ err, topic: spec.topic }, 'looking at a topic'),
    });
  }

  classify(error: unknown): ErrorClass {
    return classify(error);
  }

  async close({ signal }: CallOptions): Promise<void> {
    await this.#sender?.drain(signal);
    const gone = new ConnectionError('the bus closed before the message was acknowledged', {
      code: 'BUS_CLOSED',
    });
    // Whoever leaves a group asks about it, and is not to be cut short: it has limits of its own.
    const left = Promise.all(this.#cleanUps).finally(() => this.admin.close());
    const ending = Promise.all([this.#sender?.close(gone), left.then(() => this.#retirement.over)]);
    this.#sender = undefined;
    await within(ending, signal, () =>
      this.#host?.logger.debug({}, 'the Kafka clients are still closing'),
    ).catch((err: unknown) => this.#host?.logger.debug({ err }, 'a Kafka client did not close'));
    void within(left, { clock: this.#clock, ms: LEAVE_MS }, () => {}).then(() => {
      this.#connection.close();
      this.#retirement.mayEndProcess();
    });
  }

  #warnOf({ logger }: DriverHost): void {
    for (const weakness of weaknessesOf(this.#config.security)) logger.warn(weakness);
    const { requiredAcks } = this.#config.producer;
    if (requiredAcks === -1) return;
    logger.warn(
      { requiredAcks },
      'kafka.producer.requiredAcks is not -1: without idempotence, with one request in flight, and what a failing ' +
        'leader had acknowledged alone may be lost',
    );
  }

  /** Declared topics are used from the first subscription on; those that cannot be made are left out, and told. */
  async #makeDeclared(topics: readonly string[], options: CallOptions): Promise<void> {
    const { topicConfigStrategy, configuredTopic, logger } = this.#connectedHost();
    if (!topicConfigStrategy.startsWith('create')) return;
    const make = (topic: string) => {
      const create: NewTopicSpec = { persistence: 'persistent', ...configuredTopic(topic) };
      return this.admin.ensure(topic, { persistence: 'persistent', use: 'subscribe', create }, options);
    };
    await Promise.all(
      topics.map((topic) =>
        make(topic).catch((err: unknown) => logger.debug({ err, topic }, 'cannot make a topic')),
      ),
    );
  }

  #declaredFor({ group, durable }: SubscriptionSpec): readonly string[] {
    const isFirst = group === this.#connectedHost().defaultGroup && durable && !this.#groups.has(group);
    return isFirst ? this.#config.consumer.topics : [];
  }

  #group(spec: SubscriptionSpec): Membership {
    const { group, durable } = spec;
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    const { clock, logger, defaultGroup } = this.#connectedHost();
    const pins: MembershipOptions['pins'] = this.#pins.get(group) ?? new Map();
    if (durable) this.#pins.set(group, pins);
    const made: Membership = new Membership({
      client: this.#client,
      config: this.#config,
      serviceName: this.#serviceName,
      group,
      durable,
      pins,
      declared: group === defaultGroup && durable ? this.#config.consumer.topics : [],
      clock,
      logger,
      questions: () => this.#connection.questions,
      stateOf: (name) => this.admin.groupState(name),
      onError: (error) => this.#connection.noted(error),
      retire: (session, signal) => this.#retirement.add(session, signal),
      leave: (session) => this.#retirement.leave(session),
      onCleanUp: (work) => {
        this.#cleanUps.add(work);
        void work.finally(() => this.#cleanUps.delete(work));
      },
      onClosed: () => {
        if (this.#groups.get(group) === made) this.#groups.delete(group);
      },
    });
    this.#groups.set(group, made);
    return made;
  }

  #newSender({ clock, configuredTopic, logger }: DriverHost): Sender {
    return new Sender({
      client: this.#client,
      config: this.#config,
      serviceName: this.#serviceName,
      clock,
      logger,
      configuredTopic,
      onError: (error) => this.#connection.noted(error),
      isThere: () => this.#connection.isThere(),
    });
  }

  #connectedHost(): DriverHost {
    if (this.#host === undefined) throw this.#connection.notConnected();
    return this.#host;
  }
}
