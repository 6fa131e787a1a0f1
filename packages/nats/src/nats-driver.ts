/** The driver: one connection at a time, the sender, and the subscriptions on it. */
import {
  type AttemptOptions,
  type BrowseSpec,
  type CallOptions,
  type Capabilities,
  ConnectionError,
  type Driver,
  type DriverHost,
  type DriverSubscription,
  type DriverTopicAdmin,
  EbusError,
  type ErrorClass,
  type IncomingMessage,
  type Persistence,
  type PingReply,
  type SendRecord,
  type ServerAddress,
  type SubscriptionSink,
  type SubscriptionSpec,
  serverAddress,
  type TopicConfigStrategy,
  UnsupportedError,
} from '@ebus/core/driver';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { capabilitiesOf, hasSingleActive, versionOf } from './capabilities.js';
import { weaknesses } from './client-config.js';
import type { ResolvedNatsConfig } from './config-schema.js';
import { CoreSubscription } from './core-subscription.js';
import { classify } from './errors.js';
import { JetStream } from './js/jetstream.js';
import { checkSubject } from './names.js';
import { PresentLink, type RejoinableSubscription } from './present-link.js';
import { Sender } from './sender.js';
import { topicAdmin } from './topic-admin.js';

/** The client's objects behind a bus. After a reconnect that ebus made they are others: ask again. */
export interface NatsNative {
  readonly connection: NatsConnection;
  /** Undefined where `nats.jetstream.enabled` is false. */
  readonly jetstream: JetStreamClient | undefined;
  readonly jetstreamManager: JetStreamManager | undefined;
}

/** More in flight brings no more throughput, only a longer wait. */
const MAX_IN_FLIGHT = 4_096;

/** NATS as a driver: JetStream for persistent topics, Core NATS for ephemeral ones. */
export class NatsDriver implements Driver<NatsNative> {
  readonly specVersion = 2;
  readonly system = 'nats';
  readonly defaultPersistence: Persistence;
  readonly isShared = true;
  readonly defaultGroup: string | undefined;
  readonly clientId: string | undefined;
  readonly defaultFrom: 'earliest' | 'latest';
  readonly maxDeliveries: number | undefined;
  readonly topicConfigStrategy: TopicConfigStrategy | undefined;
  readonly maxInFlight = MAX_IN_FLIGHT;
  readonly admin: DriverTopicAdmin;
  readonly #config: ResolvedNatsConfig;
  readonly #link: PresentLink;
  readonly #subscriptions = new Set<RejoinableSubscription>();
  #host: DriverHost | undefined;
  #sender: Sender | undefined;
  #jetstream: JetStream | undefined;
  /** Topics that no stream took when they were published to. */
  readonly #missed = new Set<string>();
  #isPrepared = false;

  constructor(config: ResolvedNatsConfig, serviceName: string) {
    this.#config = config;
    this.#link = new PresentLink(config, serviceName);
    const { consumer, topicConfigStrategy, enabled, stream } = config.jetstream;
    this.defaultPersistence = enabled ? 'persistent' : 'ephemeral';
    this.defaultGroup = consumer.durableName;
    this.clientId = config.clientId;
    this.defaultFrom = consumer.deliverPolicy === 'new' ? 'latest' : 'earliest';
    const maxDeliver = config.jetstream.maxDeliver ?? consumer.maxDeliver ?? -1;
    this.maxDeliveries = maxDeliver === -1 ? undefined : maxDeliver;
    this.topicConfigStrategy = topicConfigStrategy;
    const parts = {
      streams: () => this.#jetstream?.streams,
      inspection: () => this.#jetstream?.inspection,
      isTrusted: (topic: string) => this.#asksNothing && !this.#missed.has(topic),
      publishes: (topic: string) => this.#jetstream?.publishes(topic),
      hasPartitions: () => hasSingleActive(versionOf(this.#link.current?.connection.info)),
    };
    this.admin = topicAdmin(parts, stream);
  }

  /** Strategy `skip`: nothing is looked for before the server has said that it is missing. */
  get #asksNothing(): boolean {
    return (this.topicConfigStrategy ?? this.#host?.topicConfigStrategy) === 'skip';
  }

  get native(): NatsNative {
    const { connection, client, manager } = this.#link.required;
    const { enabled } = this.#config.jetstream;
    return {
      connection,
      jetstream: enabled ? client : undefined,
      jetstreamManager: enabled ? manager : undefined,
    };
  }

  get server(): ServerAddress | undefined {
    return serverAddress(this.#link.current?.connection.getServer() || this.#config.urls[0]);
  }

  capabilities(persistence: Persistence): Capabilities {
    const { ackPolicy } = this.#config.jetstream.consumer;
    return capabilitiesOf(persistence, this.#link.current?.connection.info, ackPolicy);
  }

  validateTopic(topic: string): void {
    checkSubject(topic);
  }

  async connect(host: DriverHost, options: AttemptOptions): Promise<void> {
    this.#host = host;
    for (const text of weaknesses(this.#config)) host.logger.warn({}, text);
    const { publishTimeout, enabled } = this.#config.jetstream;
    if (enabled) this.#jetstream = new JetStream(this.#config, host, () => this.#link.required);
    this.#sender = new Sender({
      clock: host.clock,
      publishTimeout,
      layouts: this.#jetstream?.streams.layouts,
      onNoStream: (topic) => {
        if (this.#asksNothing) this.#missed.add(topic);
      },
    });
    this.#link.add(this.#sender);
    if (this.#jetstream !== undefined) this.#link.add(this.#jetstream.news);
    await this.#dial(host, options);
  }

  /** Unacknowledged messages fail as retryable; subscriptions go on where they were, on the new connection. */
  async reconnect(options: AttemptOptions): Promise<void> {
    this.#link.offline(new ConnectionError('the connection is being replaced'));
    await this.#dial(this.#connectedHost(), options);
  }

  async ping(options: CallOptions): Promise<PingReply> {
    const link = this.#link.required;
    await link.flush(options, 'the server did not answer a ping');
    return { brokers: Math.max(1, link.connection.info?.connect_urls?.length ?? 1) };
  }

  send(record: SendRecord): void {
    if (record.persistence === 'persistent' && this.#jetstream === undefined) {
      throw this.#withoutJetStream(record.topic);
    }
    if (this.#sender === undefined) throw new ConnectionError('not connected yet');
    this.#sender.send(record);
  }

  async subscribe(
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    options: AttemptOptions,
  ): Promise<DriverSubscription> {
    const { logger } = this.#connectedHost();
    if (spec.persistence === 'ephemeral' && this.#jetstream?.isDeclared(spec) === true)
      throw alwaysPersistent(spec);
    const subscription =
      spec.persistence === 'persistent'
        ? await this.#withJetStream(spec.topic).open(spec, sink, this.#left, options)
        : new CoreSubscription({ spec, sink, logger, onClosed: this.#left });
    this.#subscriptions.add(subscription);
    this.#link.add(subscription);
    try {
      const present = this.#link.required;
      subscription.online(present);
      await present.flush(options, `subscribing to '${spec.topic}' was not confirmed`);
      // The server tells its refusals before it answers the flush.
      if (subscription.failure !== undefined) throw subscription.failure;
    } catch (error) {
      this.#left(subscription);
      void subscription.close(options).catch(() => {});
      throw error;
    }
    return subscription;
  }

  async *browse(spec: BrowseSpec, options: CallOptions): AsyncGenerator<IncomingMessage> {
    yield* this.#withJetStream(spec.topic).browse(spec, options);
  }

  classify(error: unknown): ErrorClass {
    return classify(error);
  }

  async close({ signal }: CallOptions): Promise<void> {
    this.#link.shut();
    for (const subscription of this.#subscriptions) await subscription.close({ signal });
    await this.#sender?.drain(signal);
    this.#sender?.close(
      new EbusError('the bus closed before the message was acknowledged', { code: 'BUS_CLOSED' }),
    );
    await this.#link.close({ signal });
  }

  readonly #left = (subscription: RejoinableSubscription): void => {
    this.#subscriptions.delete(subscription);
    this.#link.remove(subscription);
  };

  async #dial(host: DriverHost, options: AttemptOptions): Promise<void> {
    if (!(await this.#link.dial(host, options)) || this.#isPrepared) return;
    await this.#jetstream?.streams.prepare();
    this.#isPrepared = true;
  }

  #withJetStream(topic: string): JetStream {
    if (this.#jetstream === undefined) throw this.#withoutJetStream(topic);
    return this.#jetstream;
  }

  #withoutJetStream(topic: string): UnsupportedError {
    return new UnsupportedError(
      `topic '${topic}' is persistent, and nats.jetstream.enabled is false; enable it or make the topic ephemeral`,
    );
  }

  #connectedHost(): DriverHost {
    if (this.#host !== undefined) return this.#host;
    throw new ConnectionError('not connected yet');
  }
}

/** The other declared topics would wait for it for ever. */
function alwaysPersistent({ topic, group }: SubscriptionSpec): UnsupportedError {
  return new UnsupportedError(
    `'${topic}' shares a unified consumer, and so is persistent for group '${group}'; ` +
      'take it out of nats.jetstream.consumer.topics to have it ephemeral',
  );
}
