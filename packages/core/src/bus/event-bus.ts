/** The bus: one object that joins publishing, consuming, topics and life cycle. Made by `createEventBus`. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Backlog } from '../backlog/types.js';
import type { Connection } from '../connection/connection.js';
import type {
  CloseReport,
  EnvelopeHandler,
  MessageHandler,
  SubscribeOptions,
  Subscription,
} from '../consume/types.js';
import type { DeadLetters } from '../dead-letters/dead-letters.js';
import type { Capabilities } from '../driver/capabilities.js';
import type { Persistence } from '../driver/message.js';
import type { Duration } from '../duration.js';
import type { Envelope, EnvelopeInput } from '../envelope/envelope.js';
import type { Health } from '../health/types.js';
import type { MetricsExposition } from '../metrics/collector.js';
import type { Middleware, PublishReceipt } from '../pipeline/context.js';
import { publishEnvelopes } from '../publish/publish-envelopes.js';
import { PUBLISH_ENVELOPES_OPTIONS } from '../publish/publish-options.js';
import type {
  JsonObject,
  PublishBody,
  PublishEnvelopeOptions,
  PublishOptions,
  PublishReport,
  PublishResult,
} from '../publish/types.js';
import type { TopicManager } from '../topics/types.js';
import { SIGNAL_OPTIONS } from '../util/common-options.js';
import { oneOf } from '../util/option-kinds.js';
import { checkArgument, checkOptions } from '../util/options.js';
import { abortable } from '../util/waiting.js';
import type { BusEvents } from './bus-events.js';
import type { BusParts } from './bus-parts.js';
import { attachClosing } from './close-on-signals.js';
import { untilClosing } from './closing-topics.js';
import { IDLE_OPTIONS, idle } from './idle.js';
import type { Inspect } from './inspect.js';

const PERSISTENCE = oneOf('persistent', 'ephemeral');

/** Totals since the bus was created, and messages in flight now. */
export interface MetricsSnapshot {
  readonly messagesPublished: number;
  readonly messagesConsumed: number;
  readonly publishErrors: number;
  /** Failed attempts to handle a message. */
  readonly consumeErrors: number;
  /** How often the connection was reported lost. */
  readonly connectionErrors: number;
  /** When the last health probe ended; undefined before the first one. */
  readonly lastHealthCheck: Date | undefined;
  /** How it ended. */
  readonly healthCheckStatus: 'healthy' | 'unhealthy' | 'unknown';
  /** 1 while connected, else 0. */
  readonly activeConnections: number;
  /** Unacknowledged publishes and unsettled messages in this process. */
  readonly messageBacklog: number;
}

/**
 * An event bus over one transport. All methods may be called concurrently.
 *
 * Publishing: messages of one topic and key are written in the order of the calls. Consuming: messages of one
 * aggregate are handled one at a time, in log order; different aggregates in parallel.
 */
export class EventBus implements AsyncDisposable {
  readonly type: string;
  readonly serviceName: string;
  readonly topics: TopicManager;
  readonly connection: Connection;
  readonly health: Health;
  readonly backlog: Backlog;
  readonly deadLetters: DeadLetters;
  readonly inspect: Inspect;
  readonly #parts: BusParts;

  /** @internal Buses are made by `createEventBus`. */
  constructor(parts: BusParts) {
    this.#parts = parts;
    this.type = parts.config.type;
    this.serviceName = parts.serviceName;
    this.topics = untilClosing(parts.topics, parts.closing);
    this.connection = parts.connection;
    this.health = parts.monitoring.health;
    this.backlog = parts.monitoring.backlog;
    this.deadLetters = parts.deadLetters;
    this.inspect = parts.inspect;
    attachClosing(this, parts.closing);
  }

  /** The transport's abilities for topics of a persistence (default: the transport's own). */
  capabilities(persistence?: Persistence): Capabilities {
    const { driver } = this.#parts;
    checkArgument('capabilities(persistence)', persistence, PERSISTENCE);
    return driver.capabilities(persistence ?? driver.defaultPersistence);
  }

  /**
   * Publishes bytes, text (as UTF-8) or an object (as JSON). For domain events use `publishEnvelope`. What JSON cannot
   * carry is refused, by type where that tells, and otherwise by rejecting, with its path.
   * Resolves when the topic's guarantee holds: stored by the broker (persistent), or handed on (ephemeral).
   * @throws TopicNameError, PublishError, PublishTimeoutError, BusClosedError, all by rejecting
   */
  publish<Body>(
    topic: string,
    message: Body & PublishBody<Body>,
    options?: PublishOptions,
  ): Promise<PublishReceipt> {
    return this.#parts.outbound.publish(topic, message as Uint8Array | string | JsonObject, options);
  }

  /**
   * Publishes a domain event. Events of one aggregate are written in the order of the calls; not awaiting is how
   * to pipeline.
   * @throws EnvelopeError and what `publish` throws, all by rejecting
   */
  publishEnvelope(
    topic: string,
    envelope: EnvelopeInput,
    options?: PublishEnvelopeOptions,
  ): Promise<PublishReceipt> {
    return this.#parts.outbound.publishEnvelope(topic, envelope, options);
  }

  /**
   * Checks a domain event as `publishEnvelope` does before it sends, and returns the completed envelope; sends nothing. For
   * what publishes later: an outbox.
   * @throws TopicNameError, EnvelopeError, PublishError
   */
  checkEnvelope(topic: string, envelope: EnvelopeInput, options?: PublishEnvelopeOptions): Envelope {
    return this.#parts.outbound.checkEnvelope(topic, envelope, options);
  }

  /**
   * Publishes many events, at most `maxInFlight` (default 1000; never more than `publisher.maxInFlight`) at once.
   * Single failures are in the report, items that are no envelopes included; once an event of an aggregate has failed,
   * the aggregate's later events in this call are reported unsent. When `signal` aborts or the bus closes, reading
   * ends, the iterator's `return` is called, and the report says so in `stopped`.
   * @throws the error that the iterable throws, once all publishes begun before have settled, by rejecting
   */
  async publishEnvelopes(
    topic: string,
    envelopes: Iterable<EnvelopeInput> | AsyncIterable<EnvelopeInput>,
    options: PublishEnvelopeOptions & { maxInFlight?: number } = {},
  ): Promise<PublishReport> {
    checkOptions('publishEnvelopes', options, PUBLISH_ENVELOPES_OPTIONS);
    const { maxInFlight, ...each } = options;
    const { outbound, publisher, routes, loopYield, clock } = this.#parts;
    const batch = outbound.startBatch(topic);
    return publishEnvelopes(envelopes, {
      topic,
      maxInFlight,
      publisherMaxInFlight: publisher.maxInFlight,
      signal: each.signal,
      closed: publisher.refused,
      loopYield,
      pipelinePerAggregate: routes.keepsOrderOverRetries(topic),
      publish: (envelope) => outbound.publishEnvelope(topic, envelope, each, batch),
      ended: (error) => batch?.end(error),
      now: () => clock.now(),
    });
  }

  /**
   * One result per `publishEnvelope` accepted after this call. A reader that does not read holds publishing up
   * once 10,000 results wait for it; it must not await publishes inside its own loop. Ends after close.
   */
  publishResults(options: { signal?: AbortSignal } = {}): AsyncIterableIterator<PublishResult, undefined> {
    checkOptions('publishResults', options, SIGNAL_OPTIONS);
    return this.#parts.publisher.openResults(options.signal);
  }

  /** Resolves when every publish so far is acknowledged or failed. */
  async flush(options: { signal?: AbortSignal } = {}): Promise<void> {
    checkOptions('flush', options, SIGNAL_OPTIONS);
    return abortable(this.#parts.publisher.flush(), options.signal, 'flushing');
  }

  /**
   * Handles the messages of a topic concurrently and unordered, at least once on persistent topics. Resolves
   * when the subscription is positioned: it sees every later message.
   * @throws AlreadySubscribedError, ConfigError, UnsupportedError, TopicNameError, BusClosedError, by rejecting
   */
  subscribe(topic: string, handler: MessageHandler, options: SubscribeOptions = {}): Promise<Subscription> {
    return this.#parts.subscriptions.subscribe(topic, handler, options);
  }

  /**
   * Handles the events of a topic: in order and one at a time per aggregate, aggregates in parallel, at least once
   * on persistent topics. With a `schema` (Standard Schema) the payload is validated and typed.
   * @throws what `subscribe` throws
   */
  subscribeEnvelope<P = unknown>(
    topic: string,
    handler: EnvelopeHandler<P>,
    options: SubscribeOptions & { schema?: StandardSchemaV1<unknown, P> } = {},
  ): Promise<Subscription> {
    return this.#parts.subscriptions.subscribeEnvelope(topic, handler, options);
  }

  /** Adds middleware around publishes and attempts begun from now on, outermost first. */
  use(middleware: Middleware): this {
    this.#parts.middleware.add(middleware);
    return this;
  }

  /** Adds a listener; the function returned removes it. */
  on<E extends keyof BusEvents>(event: E, listener: BusEvents[E]): () => void {
    return this.#parts.events.on(event, listener);
  }

  metrics(): MetricsSnapshot {
    const { publisher, subscriptions, connection, monitoring } = this.#parts;
    const { lastHealthCheck } = monitoring;
    const consumed = subscriptions.totals();
    return {
      messagesPublished: publisher.published,
      messagesConsumed: consumed.handled,
      publishErrors: publisher.failed,
      consumeErrors: consumed.failedAttempts,
      connectionErrors: connection.losses,
      lastHealthCheck: lastHealthCheck?.timestamp,
      healthCheckStatus:
        lastHealthCheck === undefined ? 'unknown' : lastHealthCheck.healthy ? 'healthy' : 'unhealthy',
      activeConnections: connection.state().status === 'connected' ? 1 : 0,
      messageBacklog: publisher.open + consumed.inFlight,
    };
  }

  /** The metrics collector's exposition as text; undefined without a collector, or where it has none. For `/metrics`. */
  async exposeMetrics(): Promise<MetricsExposition | undefined> {
    return this.#parts.metrics?.expose?.();
  }

  /**
   * Starts the parts that the configuration enables. `createEventBus` does so unless `autoStart` is false.
   * Idempotent; one that fails may be repeated.
   * @throws BusClosedError once closing has begun, also where it begins meanwhile
   */
  start(): Promise<void> {
    return this.#parts.lifecycle.start();
  }

  /** Stops what `start` started, also one that is under way; the bus stays usable. Harmless once the bus closes. */
  stop(): Promise<void> {
    return this.#parts.lifecycle.stop();
  }

  /**
   * Stops fetching, lets running handlers finish (publishing is still possible for them) until the timeout
   * (default 30 s), settles finished messages, hands the rest back, flushes publishes and disconnects. Concurrent and
   * repeated calls share one outcome. Never rejects for being slow.
   */
  close(options: { timeout?: Duration } = {}): Promise<CloseReport> {
    return this.#parts.lifecycle.close(options);
  }

  /**
   * Resolves when all messages that this bus published to topics that it subscribes to are handled, publishes of handlers
   * included, and none is queued, in flight or unsettled here. Messages for other members of a group count as handled
   * once the group has settled them; over Core NATS they are not waited for. Without a `timeout` it waits for as long as
   * that takes, and says so in the log after 10 s.
   * @throws EbusError `IDLE_TIMEOUT`, naming who is busy, halted or paused, by rejecting
   * @throws EbusError `ABORTED`, by rejecting
   */
  async idle(options: { timeout?: Duration; signal?: AbortSignal } = {}): Promise<void> {
    checkOptions('idle', options, IDLE_OPTIONS);
    await idle(this.#parts, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
