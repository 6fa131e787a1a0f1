/** The driver: lifecycle of the clients, and who of them does what. */

import type { KafkaConsumer, Producer } from '@confluentinc/kafka-javascript';
import {
  type BrowseSpec,
  type CallOptions,
  type Capabilities,
  type Clock,
  ConnectionError,
  type DriverV1 as Driver,
  type DriverHostV1 as DriverHost,
  type DriverSubscriptionV1 as DriverSubscription,
  type ErrorClass,
  type IncomingMessage,
  type OutgoingRecord,
  type Persistence,
  type PingReply,
  reasonOf,
  type SendReceipt,
  type SubscriptionSpec,
  TopicNameError,
} from '@ebus/core/driver';
import type { Admin } from 'kafkajs';
import { browse } from './browse.js';
import { capabilitiesOf } from './capabilities.js';
import { QUESTION_MS } from './client-config.js';
import type { ResolvedKafkaConfig } from './config-schema.js';
import { cannotConnect, classify, isLoginRefused } from './errors.js';
import { GroupConsumer } from './group-consumer.js';
import { HeldRecords } from './held-records.js';
import { called, type NativeClient, type NativeConsumer, within } from './native-client.js';
import { Questions } from './questions.js';
import { weaknessesOf } from './security-config.js';
import { Sender } from './sender.js';
import { TopicAdmin } from './topic-admin.js';

/** The clients behind a bus. */
export interface KafkaNative {
  /** Undefined until something was published. */
  readonly producer: Producer | undefined;
  /** By group. */
  readonly consumers: ReadonlyMap<string, KafkaConsumer>;
  /** kafkajs' admin client; undefined until a topic was administered. */
  readonly admin: Admin | undefined;
}

/** How long a client's word that it lost its connections waits for an answer that shows otherwise. */
const DOUBT_MS = 1_000;
/** Between two looks whether the brokers are back. */
const RETURN_MS = 500;

export class KafkaDriver implements Driver<KafkaNative> {
  readonly specVersion = 1;
  readonly system = 'kafka';
  readonly defaultPersistence: Persistence = 'persistent';
  readonly isShared = true;
  readonly defaultGroup: string | undefined;
  readonly clientId: string | undefined;
  readonly defaultFrom: 'earliest' | 'latest';
  readonly admin: TopicAdmin;
  readonly #client: NativeClient;
  readonly #config: ResolvedKafkaConfig;
  readonly #serviceName: string;
  readonly #groups = new Map<string, GroupConsumer>();
  /** Set while the topics of `kafka.consumer.topics` are looked for, and once they are there. */
  #declared: Promise<void> | undefined;
  #host: DriverHost | undefined;
  #sender: Sender | undefined;
  /** Set while the clients are being replaced, however many attempts that takes. */
  #held: HeldRecords | undefined;
  #questions: Questions | undefined;
  #retiring: Promise<unknown> = Promise.resolve();
  #lastError: unknown;
  #refused: ((error: unknown) => void) | undefined;
  #isDown = false;
  #closed = false;

  constructor(client: NativeClient, config: ResolvedKafkaConfig, serviceName: string, clock: Clock) {
    this.#client = client;
    this.#config = config;
    this.#serviceName = serviceName;
    this.defaultGroup = config.consumer.groupId;
    this.clientId = config.clientId;
    this.defaultFrom = config.consumer.autoOffsetReset;
    this.admin = new TopicAdmin({
      config,
      serviceName,
      clock,
      questions: () => this.#asked(),
      onChanged: (topic) => this.#sender?.forget(topic),
    });
  }

  get native(): KafkaNative {
    const consumers = new Map<string, KafkaConsumer>();
    for (const [group, { client }] of this.#groups) if (client !== undefined) consumers.set(group, client);
    return { producer: this.#connected().producer, consumers, admin: this.admin.client };
  }

  capabilities(): Capabilities {
    return capabilitiesOf(this.#config);
  }

  validateTopic(topic: string): void {
    if (topic.length > 249)
      throw new TopicNameError(topic, `Kafka takes at most 249 characters, not ${topic.length}`);
    if (topic === '.' || topic === '..') throw new TopicNameError(topic, "Kafka refuses '.' and '..'");
    if (!/^[a-zA-Z0-9._-]+$/.test(topic)) {
      throw new TopicNameError(topic, 'Kafka takes only a-z, A-Z, 0-9, -, _ and .');
    }
  }

  async connect(host: DriverHost, { signal }: CallOptions): Promise<void> {
    this.#host = host;
    for (const weakness of weaknessesOf(this.#config.security)) host.logger.warn(weakness);
    if (this.#config.producer.requiredAcks !== -1) {
      host.logger.warn(
        { requiredAcks: this.#config.producer.requiredAcks },
        'kafka.producer.requiredAcks is not -1: without idempotence, with one request in flight, and what a failing ' +
          'leader had acknowledged alone may be lost',
      );
    }
    await this.#dial(signal);
  }

  async reconnect({ signal }: CallOptions): Promise<void> {
    const old = this.#sender;
    this.#sender = undefined;
    // Where it was never connected, nobody publishes yet.
    if (old !== undefined) this.#held ??= new HeldRecords(() => this.#connectedHost().clock.monotonic());
    void old?.close(new ConnectionError('the connection to Kafka is being replaced'));
    // Made again when something is administered.
    this.admin.close().catch((err: unknown) => this.#host?.logger.debug({ err }, 'an old client'));
    await this.#dial(signal);
    const failed = () =>
      cannotConnect(this.#config.brokers, this.#lastError ?? new Error('no answer in time'));
    const restored = Promise.all([...this.#groups.values()].map((group) => group.reconnect()));
    await within(restored, signal, failed);
  }

  async ping({ signal }: CallOptions): Promise<PingReply> {
    return { brokers: await this.#asked().brokers(signal) };
  }

  send(record: OutgoingRecord): Promise<SendReceipt> {
    if (this.#sender === undefined && this.#held !== undefined) return this.#held.hold(record);
    return this.#connected().send(record);
  }

  async subscribe(spec: SubscriptionSpec, options: CallOptions): Promise<DriverSubscription> {
    this.#connected();
    const declared = this.#declaredFor(spec);
    if (declared.length > 0) {
      this.#declared ??= this.#provide(declared, options);
      await this.#declared;
    }
    return this.#group(spec).join(spec, options);
  }

  browse(spec: BrowseSpec, options: CallOptions): AsyncIterable<IncomingMessage> {
    this.#connected();
    return browse(spec, options, {
      client: this.#client,
      config: this.#config,
      serviceName: this.#serviceName,
      onError: (err) => this.#host?.logger.debug({ err, topic: spec.topic }, 'looking at a topic'),
    });
  }

  /** The group's consumer subscribes to declared topics with the first subscription: they are used from then on. */
  async #provide(topics: readonly string[], options: CallOptions): Promise<void> {
    const { provision } = this.#connectedHost();
    try {
      await Promise.all(
        topics.map(async (topic) => {
          // Where that cannot be found out, the client's own answer decides.
          if (!(await this.admin.exists(topic, options).catch(() => true))) await provision(topic);
        }),
      );
    } catch (error) {
      this.#declared = undefined;
      throw error;
    }
  }

  #declaredFor({ group, durable }: SubscriptionSpec): readonly string[] {
    const isDefault = group === this.#connectedHost().defaultGroup;
    return isDefault && durable ? this.#config.consumer.topics : [];
  }

  classify(error: unknown): ErrorClass {
    return classify(error);
  }

  async close({ signal }: CallOptions): Promise<void> {
    await this.#sender?.drain(signal);
    this.#closed = true;
    const gone = new ConnectionError('the bus closed before the message was acknowledged', {
      code: 'BUS_CLOSED',
    });
    this.#held?.reject(gone);
    this.#held = undefined;
    this.#questions?.close();
    const ending = Promise.all([this.#sender?.close(gone), this.admin.close()]);
    this.#sender = undefined;
    await within(ending, signal, () => new Error('late')).catch((error: unknown) => {
      this.#host?.logger.debug({ err: error }, 'the Kafka clients are still closing');
    });
  }

  #asked(): Questions {
    if (this.#questions !== undefined && !this.#closed) return this.#questions;
    throw new ConnectionError(`not connected to Kafka at ${this.#config.brokers.join(', ')}`);
  }

  #group(spec: SubscriptionSpec): GroupConsumer {
    const { group, durable } = spec;
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    const made: GroupConsumer = new GroupConsumer({
      client: this.#client,
      config: this.#config,
      serviceName: this.#serviceName,
      group,
      durable,
      declared: this.#declaredFor(spec),
      logger: this.#connectedHost().logger,
      isRebalancing: (name) => this.admin.isRebalancing(name),
      onError: (error) => this.#noted(error),
      retire: (consumer) => this.#retire(consumer),
      onClosed: () => {
        if (this.#groups.get(group) === made) this.#groups.delete(group);
      },
    });
    this.#groups.set(group, made);
    return made;
  }

  /** Asks until the signal aborts; a login that is refused is not tried again. */
  async #dial(signal: AbortSignal): Promise<void> {
    const { brokers } = this.#config;
    this.#lastError = undefined;
    this.#questions?.close();
    const questions = new Questions({
      client: this.#client,
      config: this.#config,
      serviceName: this.#serviceName,
      onError: (error) => {
        if (this.#questions === questions) this.#noted(error);
      },
    });
    this.#questions = questions;
    // A login that is refused is said by event; the client itself would go on trying.
    const refused = new Promise<never>((_, reject) => {
      this.#refused = reject;
    });
    refused.catch(() => {});
    try {
      for (;;) {
        const error = await Promise.race([questions.brokers(signal), refused]).then(
          () => undefined,
          (reason: unknown) => reason ?? new Error('no answer'),
        );
        if (error === undefined) break;
        this.#lastError ??= error;
        if (signal.aborted || isLoginRefused(this.#lastError)) throw cannotConnect(brokers, this.#lastError);
      }
    } finally {
      this.#refused = undefined;
    }
    const sender = this.#newSender();
    this.#sender = sender;
    this.#isDown = false;
    this.#held?.release((record) => sender.send(record));
    this.#held = undefined;
  }

  /**
   * A replaced consumer leaves its group in the background, one after the other: on a network that swallows everything
   * that takes half a minute, and one of the few threads that the process has for such.
   */
  #retire(consumer: NativeConsumer): void {
    this.#retiring = this.#retiring.then(async () => {
      // Without unsubscribing: while that is under way, the client would end without leaving the group.
      if (consumer.isConnected()) await called((done) => consumer.disconnect(done as never));
    });
  }

  #newSender(): Sender {
    const { clock, configuredTopic, logger } = this.#connectedHost();
    return new Sender({
      client: this.#client,
      config: this.#config,
      serviceName: this.#serviceName,
      clock,
      logger,
      configuredTopic,
      onError: (error) => this.#noted(error),
    });
  }

  /** What a client says about its connection, by event and in words. */
  #noted(error: unknown): void {
    const text = reasonOf(error);
    // The login says more than the broken connection that follows from it.
    if (this.#lastError === undefined || isLoginRefused(error)) this.#lastError = error;
    if (isLoginRefused(error)) this.#refused?.(error);
    if (this.#sender === undefined || this.#closed) return;
    if (/all broker connections are down/i.test(text)) void this.#doubt(error);
    else this.#host?.logger.debug({ err: error }, 'a Kafka client reported an error');
  }

  /** Brokers close connections that idle, and the client tells that like an outage: only who cannot be asked is away. */
  async #doubt(cause: unknown): Promise<void> {
    if (this.#isDown) return;
    this.#isDown = true;
    const sender = this.#sender;
    const isCurrent = () => this.#sender === sender && !this.#closed;
    const answers = (ms: number) =>
      this.ping({ signal: this.#connectedHost().clock.timeout(ms) }).then(
        () => true,
        () => false,
      );
    if (!(await answers(DOUBT_MS)) && isCurrent()) {
      this.#host?.onState({ status: 'reconnecting', cause });
      // The client comes back by itself and says nothing then.
      while (isCurrent() && !(await answers(QUESTION_MS))) {
        await new Promise<void>((resolve) => {
          this.#connectedHost().clock.setTimeout(resolve, RETURN_MS).unref();
        });
      }
      if (isCurrent()) this.#host?.onState({ status: 'connected' });
    }
    if (!isCurrent()) return;
    this.#isDown = false;
    this.#lastError = undefined;
  }

  #connected(): Sender {
    if (this.#sender !== undefined && !this.#closed) return this.#sender;
    const state = this.#closed ? 'closed' : 'not connected';
    throw new ConnectionError(`the connection to Kafka at ${this.#config.brokers.join(', ')} is ${state}`, {
      retryable: !this.#closed,
    });
  }

  #connectedHost(): DriverHost {
    if (this.#host === undefined) throw new ConnectionError('not connected to Kafka');
    return this.#host;
  }
}
