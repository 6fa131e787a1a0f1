/** The driver: one connection, the sender, and the subscriptions on it. */
import {
  type BrowseSpec,
  type CallOptions,
  type Capabilities,
  ConnectionError,
  type DriverV1 as Driver,
  type DriverHostV1 as DriverHost,
  type DriverSubscriptionV1 as DriverSubscription,
  type DriverTopicAdmin,
  EbusError,
  type ErrorClass,
  type IncomingMessage,
  type OutgoingRecord,
  type Persistence,
  type PingReply,
  type SendReceipt,
  type SubscriptionSpec,
  type TopicConfigStrategy,
  TopicNameError,
  UnsupportedError,
} from '@ebus/core/driver';
import {
  type ConsumerInfo,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { connect, type NatsConnection, PermissionViolationError, type Status } from '@nats-io/transport-node';
import { browse } from './browse.js';
import { capabilitiesOf, hasManyFilters, versionOf } from './capabilities.js';
import { connectionOptions, jetstreamOptions } from './client-config.js';
import { type ConsumerSpec, Consumers } from './consumers.js';
import { CoreSubscription } from './core-subscription.js';
import { cannotConnect, classify, isNoResponders, jetStreamDisabled } from './errors.js';
import { JetStreamSubscription } from './jetstream-subscription.js';
import { consumerName, unifiedName } from './names.js';
import type { ResolvedNatsConfig } from './nats-config.js';
import { Sender } from './sender.js';
import { Streams } from './streams.js';
import { topicAdmin } from './topic-admin.js';
import { UnifiedConsumer } from './unified-consumer.js';
import type { UnifiedMember } from './unified-member.js';

/** The client's objects behind a bus. After a reconnect that ebus made they are others: ask again. */
export interface NatsNative {
  readonly connection: NatsConnection;
  /** Undefined where `nats.jetstream.enabled` is false. */
  readonly jetstream: JetStreamClient | undefined;
  readonly jetstreamManager: JetStreamManager | undefined;
}

/** What the client is at work with; replaced as a whole when the client is. */
interface Link {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly client: JetStreamClient;
}

interface Rejoinable extends DriverSubscription {
  readonly topic: string;
  online(connection: NatsConnection): void;
  offline(): void;
  /** Throws what went wrong so far. */
  check(): void;
}

const DEFAULT_API_PREFIX = '$JS.API';
/** More in flight brings no more throughput, only a longer wait. */
const MAX_IN_FLIGHT = 4_096;

export class NatsDriver implements Driver<NatsNative> {
  readonly specVersion = 1;
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
  readonly #serviceName: string;
  readonly #subscriptions = new Set<Rejoinable>();
  #host: DriverHost | undefined;
  #link: Link | undefined;
  #sender: Sender | undefined;
  #streams: Streams | undefined;
  #consumers: Consumers | undefined;
  /** By stream. */
  readonly #unified = new Map<string, Promise<UnifiedConsumer>>();
  #closed = false;

  constructor(config: ResolvedNatsConfig, serviceName: string) {
    this.#config = config;
    this.#serviceName = serviceName;
    this.defaultPersistence = config.jetstream.enabled ? 'persistent' : 'ephemeral';
    const { consumer, topicConfigStrategy } = config.jetstream;
    this.defaultGroup = consumer.durableName;
    this.clientId = config.clientId;
    this.defaultFrom = consumer.deliverPolicy === 'new' ? 'latest' : 'earliest';
    const maxDeliver = config.jetstream.maxDeliver ?? consumer.maxDeliver ?? -1;
    this.maxDeliveries = maxDeliver === -1 ? undefined : maxDeliver;
    this.topicConfigStrategy = topicConfigStrategy;
    this.admin = topicAdmin(() => this.#streams, config.jetstream.stream);
  }

  get native(): NatsNative {
    const { connection, client, manager } = this.#connected();
    const { enabled } = this.#config.jetstream;
    return {
      connection,
      jetstream: enabled ? client : undefined,
      jetstreamManager: enabled ? manager : undefined,
    };
  }

  capabilities(persistence: Persistence): Capabilities {
    return capabilitiesOf(persistence, this.#link?.connection.info);
  }

  validateTopic(topic: string): void {
    if (topic.split('.').includes('')) throw new TopicNameError(topic, 'NATS subjects have no empty tokens');
    if (/[*>]/.test(topic)) {
      throw new TopicNameError(
        topic,
        "wildcards ('*', '>') are not supported; subscribe to each topic by name",
      );
    }
    if (/\s/.test(topic)) throw new TopicNameError(topic, 'NATS subjects cannot contain white space');
    if (topic.startsWith('$') || topic.startsWith('_INBOX.')) {
      throw new TopicNameError(topic, "subjects that begin with '$' or '_INBOX.' belong to the NATS server");
    }
  }

  async connect(host: DriverHost, { signal }: CallOptions): Promise<void> {
    this.#host = host;
    const { jetstream: config } = this.#config;
    if (config.enabled) {
      const manager = () => this.#connected().manager;
      const strategy = config.topicConfigStrategy ?? host.topicConfigStrategy;
      this.#streams = new Streams({
        config: this.#config,
        logger: host.logger,
        strategy,
        manager,
        provision: (topic) => host.provision(topic),
        onCreated: (topic) => this.#renewed(topic),
      });
      this.#consumers = new Consumers(this.#config, manager, host.logger);
    }
    this.#sender = new Sender({
      clock: host.clock,
      publishTimeout: config.publishTimeout,
      provision: async (topic) => {
        this.#jetstream().streams.forget(topic);
        await this.#jetstream().streams.ensure(topic);
      },
    });
    await this.#dial(signal);
    await this.#streams?.prepare();
  }

  /** What is not acknowledged is rejected as retryable; subscriptions go on where they were, on the new connection. */
  async reconnect({ signal }: CallOptions): Promise<void> {
    const old = this.#link?.connection;
    this.#link = undefined;
    this.#offline(new ConnectionError('the connection is being replaced'));
    if (old !== undefined && !old.isClosed()) await old.close();
    await this.#dial(signal);
    await this.#streams?.prepare();
  }

  async ping({ signal }: CallOptions): Promise<PingReply> {
    const { connection } = this.#connected();
    await within(connection.flush(), signal, 'the server did not answer a ping');
    return { brokers: Math.max(1, connection.info?.connect_urls?.length ?? 1) };
  }

  send(record: OutgoingRecord): SendReceipt | Promise<SendReceipt> {
    if (record.persistence === 'persistent' && this.#streams === undefined)
      throw this.#withoutJetStream(record.topic);
    if (this.#sender === undefined || this.#closed) throw this.#notConnected();
    return this.#sender.send(record);
  }

  async subscribe(spec: SubscriptionSpec, options: CallOptions): Promise<DriverSubscription> {
    const { connection } = this.#connected();
    if (spec.persistence === 'ephemeral') this.#refuseDeclared(spec);
    const subscription =
      spec.persistence === 'persistent'
        ? await this.#join(spec)
        : new CoreSubscription(spec, this.#logger(), this.#left);
    this.#subscriptions.add(subscription);
    subscription.online(connection);
    try {
      await within(connection.flush(), options.signal, `subscribing to '${spec.topic}' was not confirmed`);
      subscription.check();
    } catch (error) {
      await subscription.close(options);
      throw error;
    }
    return subscription;
  }

  async *browse(spec: BrowseSpec, options: CallOptions): AsyncGenerator<IncomingMessage> {
    const { streams, consumers } = this.#jetstream(spec.topic);
    const found = await this.#explained(() => streams.info(spec.topic));
    if (found === undefined) return;
    const stream = found.config.name;
    const manager = () => this.#connected().manager;
    const client = () => this.#connected().client;
    yield* browse(spec, options, { manager, client, consumers, stream });
  }

  classify(error: unknown): ErrorClass {
    return classify(error);
  }

  async close({ signal }: CallOptions): Promise<void> {
    this.#closed = true;
    for (const subscription of this.#subscriptions) await subscription.close({ signal });
    await this.#sender?.drain(signal);
    this.#sender?.close(
      new EbusError('the bus closed before the message was acknowledged', { code: 'BUS_CLOSED' }),
    );
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined || link.connection.isClosed()) return;
    try {
      await within(link.connection.flush(), signal, 'the server did not confirm the end');
    } catch {
      // It went first.
    }
    await link.connection.close();
  }

  readonly #left = (subscription: Rejoinable): void => {
    this.#subscriptions.delete(subscription);
  };

  async #dial(signal: AbortSignal): Promise<void> {
    const { urls } = this.#config;
    const options = connectionOptions(this.#config, this.#serviceName);
    const connecting = connect(options);
    let connection: NatsConnection;
    try {
      connection = await within(connecting, signal, 'no connection in time');
    } catch (error) {
      connecting.then(
        (late) => late.close(),
        () => {},
      );
      throw cannotConnect(urls, error);
    }
    const api = jetstreamOptions(this.#config);
    this.#link = {
      connection,
      manager: await jetstreamManager(connection, api),
      client: jetstream(connection, api),
    };
    void this.#watch(connection);
    this.#online(connection);
  }

  #online(connection: NatsConnection): void {
    this.#sender?.online(connection);
    for (const subscription of this.#subscriptions) subscription.online(connection);
  }

  /** Whoever had a consumer on the stream before has it no longer. */
  #renewed(topic: string): void {
    const connection = this.#link?.connection;
    if (connection === undefined) return;
    for (const subscription of this.#subscriptions) {
      if (subscription.topic === topic) subscription.online(connection);
    }
  }

  #offline(cause: unknown): void {
    this.#sender?.offline(cause);
    for (const subscription of this.#subscriptions) subscription.offline();
  }

  /** Follows what the client says about the connection, until it is closed. */
  async #watch(connection: NatsConnection): Promise<void> {
    let lastError: unknown;
    for await (const status of connection.status()) {
      if (this.#link?.connection !== connection) return;
      if (status.type === 'error') lastError = status.error;
      this.#noted(connection, status, lastError);
    }
    const cause = (await connection.closed()) ?? lastError;
    if (this.#closed || this.#link?.connection !== connection) return;
    this.#offline(cause);
    this.#host?.onState({ status: 'failed', cause: cannotConnect(this.#config.urls, cause) });
  }

  #noted(connection: NatsConnection, status: Status, lastError: unknown): void {
    switch (status.type) {
      case 'disconnect':
        this.#offline(lastError);
        this.#host?.onState({
          status: 'reconnecting',
          ...(lastError === undefined ? {} : { cause: lastError }),
        });
        break;
      case 'reconnect':
        this.#online(connection);
        this.#host?.onState({ status: 'connected' });
        break;
      case 'error':
        if (status.error instanceof PermissionViolationError && status.error.operation === 'publish') {
          this.#sender?.denied(status.error.subject, status.error);
        }
        this.#logger().warn({ err: status.error }, 'the NATS server reported an error');
        break;
      case 'slowConsumer':
      case 'staleConnection':
        this.#logger().warn({ status: status.type }, 'the NATS connection is in trouble');
        break;
      default:
    }
  }

  async #join(spec: SubscriptionSpec): Promise<Rejoinable> {
    const { streams, consumers } = this.#jetstream(spec.topic);
    const stream = await this.#explained(() => streams.ensure(spec.topic));
    if (this.#isDeclared(spec)) return this.#joinUnified(spec, stream);
    const name = consumerName(spec.group, spec.topic);
    const consumer: ConsumerSpec = {
      stream,
      name: spec.durable ? name : `${name}-${Math.random().toString(36).slice(2, 10)}`,
      filters: [spec.topic],
      durable: spec.durable,
      from: spec.from,
      singleActive: spec.ordering === 'cluster',
    };
    const info = await this.#explained(() => consumers.ensure(consumer));
    return this.#open(spec, consumer, info, this.#left);
  }

  /** Declared topics share a consumer in the configured group; other groups read them like any topic. */
  #isDeclared({ topic, group, durable }: SubscriptionSpec): boolean {
    const { topics } = this.#config.jetstream.consumer;
    return durable && topics.includes(topic) && group === this.#host?.defaultGroup;
  }

  /** The other declared topics would wait for it for ever. */
  #refuseDeclared(spec: SubscriptionSpec): void {
    if (!this.#isDeclared(spec)) return;
    throw new UnsupportedError(
      `'${spec.topic}' shares a unified consumer, and so is persistent for group '${spec.group}'; ` +
        'take it out of nats.jetstream.consumer.topics to have it ephemeral',
    );
  }

  async #joinUnified(spec: SubscriptionSpec, stream: string): Promise<UnifiedMember> {
    if (spec.ordering === 'cluster') {
      const text = `'${spec.topic}' shares a unified consumer, which has no single active client`;
      throw new UnsupportedError(`${text}; take it out of nats.jetstream.consumer.topics, or demand less`);
    }
    let unified = this.#unified.get(stream);
    if (unified === undefined) {
      unified = this.#explained(() => this.#makeUnified(spec, stream));
      this.#unified.set(stream, unified);
      unified.catch(() => this.#unified.delete(stream));
    }
    const joined = await unified;
    return this.#explained(() => joined.join(spec, this.#left));
  }

  async #makeUnified(spec: SubscriptionSpec, stream: string): Promise<UnifiedConsumer> {
    const { streams, consumers } = this.#jetstream(spec.topic);
    const { clock, logger } = this.#connectedHost();
    const { ackWait, consumer } = this.#config.jetstream;
    const topics: string[] = [];
    for (const topic of consumer.topics) if ((await streams.ensure(topic)) === stream) topics.push(topic);
    return new UnifiedConsumer({
      group: spec.group,
      name: unifiedName(spec.group),
      stream,
      topics,
      manyFilters: hasManyFilters(versionOf(this.#connected().connection.info)),
      consumers,
      clock,
      logger,
      ackWait,
      maxAckPending: consumer.maxAckPending,
      manager: () => this.#connected().manager,
      open: (made, info, label) =>
        this.#open({ ...spec, topic: label, ordering: 'instance' }, made, info, () => {}, spec),
      onClosed: () => this.#unified.delete(stream),
    });
  }

  #open(
    spec: SubscriptionSpec,
    consumer: ConsumerSpec,
    info: ConsumerInfo,
    onClosed: (subscription: JetStreamSubscription) => void,
    of: SubscriptionSpec = spec,
  ): JetStreamSubscription {
    const { streams, consumers } = this.#jetstream(of.topic);
    const { ackWait, apiPrefix, domain, consumer: settings } = this.#config.jetstream;
    const { connection } = this.#connected();
    const host = this.#connectedHost();
    return new JetStreamSubscription(
      {
        spec,
        consumer,
        consumers,
        clock: host.clock,
        logger: host.logger,
        apiPrefix: apiPrefix ?? (domain === undefined ? DEFAULT_API_PREFIX : `$JS.${domain}.API`),
        ackWait,
        maxAckPending: settings.maxAckPending,
        maxPayload: connection.info?.max_payload ?? 1024 * 1024,
        manager: () => this.#connected().manager,
        manyTopics: of !== spec,
        restoreStream: () => {
          streams.forget(of.topic);
          return streams.ensure(of.topic);
        },
        onClosed,
      },
      info,
    );
  }

  async #explained<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (isNoResponders(error)) throw jetStreamDisabled(this.#config.urls, error);
      throw error;
    }
  }

  #jetstream(topic = ''): { streams: Streams; consumers: Consumers } {
    if (this.#streams === undefined || this.#consumers === undefined) throw this.#withoutJetStream(topic);
    return { streams: this.#streams, consumers: this.#consumers };
  }

  #withoutJetStream(topic: string): UnsupportedError {
    return new UnsupportedError(
      `topic '${topic}' is persistent, and nats.jetstream.enabled is false; enable it or make the topic ephemeral`,
    );
  }

  #connected(): Link {
    if (this.#link === undefined || this.#closed) throw this.#notConnected();
    return this.#link;
  }

  #connectedHost(): DriverHost {
    if (this.#host === undefined) throw this.#notConnected();
    return this.#host;
  }

  #logger(): DriverHost['logger'] {
    return this.#connectedHost().logger;
  }

  #notConnected(): ConnectionError {
    const state = this.#closed ? 'closed' : 'not connected';
    return new ConnectionError(`the connection to NATS at ${this.#config.urls.join(', ')} is ${state}`, {
      retryable: !this.#closed,
    });
  }
}

/** The client's calls know no signals. */
async function within<T>(work: Promise<T>, signal: AbortSignal, otherwise: string): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new ConnectionError(otherwise));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
