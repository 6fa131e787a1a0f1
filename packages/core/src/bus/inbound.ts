/** From what applications subscribe to the subscriptions that run. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Clock } from '../clock.js';
import type { ResolvedConfig } from '../config/schema.js';
import type { ConnectionSupervisor } from '../connection/supervisor.js';
import type { Attempt } from '../consume/attempt.js';
import { DeadLetterWriter } from '../consume/dead-letter-writer.js';
import { handleEnvelopes, handleMessages } from '../consume/invoke.js';
import { type ConsumeDefaults, type ConsumePolicy, consumePolicy } from '../consume/policy.js';
import { checkSubscribeOptions } from '../consume/subscribe-options.js';
import { ActiveSubscription } from '../consume/subscription.js';
import { SubscriptionHandle } from '../consume/subscription-handle.js';
import type { EnvelopeHandler, MessageHandler, SubscribeOptions, Subscription } from '../consume/types.js';
import { classified } from '../driver/classified.js';
import type { Driver } from '../driver/driver.js';
import type { Persistence } from '../driver/message.js';
import type { EnvelopeCodec } from '../envelope/codec.js';
import { AlreadySubscribedError, abortError, BusClosedError, ConfigError, EbusError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import { SharedGauges } from '../metrics/shared-gauges.js';
import { composeConsume, type Handle } from '../pipeline/compose.js';
import { isHandling, whileHandling } from '../pipeline/handling.js';
import { measured } from '../pipeline/metrics.js';
import type { Telemetry } from '../pipeline/telemetry.js';
import { validateTopicName } from '../topic-name.js';
import type { BusTopicManager } from '../topics/topic-manager.js';
import { abortable } from '../util/abortable.js';
import type { Breather } from '../util/breather.js';
import { describeValue } from '../util/describe-value.js';
import type { Disclose } from '../util/disclose.js';
import { deferred } from '../util/promise.js';
import { shown } from '../util/shown.js';
import { timeoutSignal } from '../util/timeout-signal.js';
import { TokenBucket } from '../util/token-bucket.js';
import type { Emitter } from './bus-events.js';
import { consumeReports } from './consume-reports.js';
import { withoutGroup } from './default-group.js';
import { laneAssigner } from './lane-key.js';
import type { MiddlewareList } from './middleware-list.js';
import type { Outbound } from './outbound.js';

const SUBSCRIBE_TIMEOUT_MS = 30_000;

export interface InboundOptions {
  driver: Driver;
  config: ResolvedConfig;
  /** Of subscriptions that name none; undefined where each has to. */
  defaultGroup: string | undefined;
  topics: BusTopicManager;
  outbound: Outbound;
  codec: EnvelopeCodec;
  middleware: MiddlewareList;
  telemetry: Telemetry | undefined;
  metrics: MetricsCollector | undefined;
  events: Emitter;
  connection: ConnectionSupervisor;
  clock: Clock;
  breather: Breather;
  logger: Logger;
  handlerLogger: Logger;
  disclose: Disclose;
}

/** A subscription that runs, and what it takes to make it again on another way. */
interface Running {
  readonly handle: SubscriptionHandle;
  readonly ordered: boolean;
  readonly handler: Handle<Attempt>;
  readonly options: SubscribeOptions;
  /** The bus's own, for probes: leaves nothing behind, and nobody counts its backlog. */
  readonly internal: boolean;
}

export interface PreparedMove {
  moveOver(): Promise<void>;
  giveUp(): Promise<void>;
}

interface Totals {
  handled: number;
  failedAttempts: number;
  inFlight: number;
  /** Age of the oldest unsettled message. */
  oldestInFlightMs: number;
}

export class Inbound {
  readonly #options: InboundOptions;
  /** By topic and group; undefined while it is being made. */
  readonly #active = new Map<string, Running | undefined>();
  /** Topics that are being moved to another persistence. */
  readonly #moving = new Map<string, Promise<void>>();
  readonly #bucket: TokenBucket | undefined;
  readonly #gauges: SharedGauges | undefined;
  readonly #past: Totals = { handled: 0, failedAttempts: 0, inFlight: 0, oldestInFlightMs: 0 };
  readonly #joining = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(options: InboundOptions) {
    this.#options = options;
    if (options.metrics !== undefined) this.#gauges = new SharedGauges(options.metrics);
    const { enabled, ratePerSecond, burstSize } = options.config.subscriber.rateLimit;
    this.#bucket = enabled ? new TokenBucket(ratePerSecond, burstSize, options.clock) : undefined;
    options.middleware.onConsumeChange(() => {
      for (const running of this.#active.values()) running?.handle.recompose();
    });
  }

  async subscribe(topic: string, handler: MessageHandler, options: SubscribeOptions): Promise<Subscription> {
    checkCall('subscribe', topic, handler, options);
    return this.#open(topic, false, handleMessages(handler), options);
  }

  /** For the bus itself: sees what is published from now on, leaves no group behind, and never retries. */
  observe(topic: string, handler: MessageHandler, options: SubscribeOptions): Promise<Subscription> {
    const how: SubscribeOptions = { ...options, from: 'latest', maxRetries: 0, onExhausted: 'discard' };
    return this.#open(topic, false, handleMessages(handler), how, true);
  }

  async subscribeEnvelope<P>(
    topic: string,
    handler: EnvelopeHandler<P>,
    options: SubscribeOptions & { schema?: StandardSchemaV1<unknown, P> },
  ): Promise<Subscription> {
    checkCall('subscribeEnvelope', topic, handler, options);
    return this.#open(topic, true, handleEnvelopes(handler, this.#options.codec, options), options);
  }

  get isQuiet(): boolean {
    for (const running of this.#active.values()) if (running?.handle.isQuiet === false) return false;
    return true;
  }

  async quiet(): Promise<void> {
    await Promise.all([...this.#active.values()].map((running) => running?.handle.quiet()));
  }

  /** What applications subscribed to and did not close. */
  handles(): SubscriptionHandle[] {
    return [...this.#active.values()].flatMap((running) =>
      running === undefined || running.internal || running.handle.isClosing ? [] : [running.handle],
    );
  }

  /** The ways by which messages come in now, those of the bus itself left out where asked. */
  ways({ internal = true }: { internal?: boolean } = {}): ActiveSubscription[] {
    return [...this.#active.values()].flatMap((running) =>
      running === undefined || running.handle.isClosing || (running.internal && !internal)
        ? []
        : running.handle.ways,
    );
  }

  /** The topics whose subscriptions dead-letter into that one. */
  deadLettersInto(deadLetterTopic: string): string[] {
    const ways = this.ways({ internal: false });
    return [...new Set(ways.flatMap((way) => (way.deadLetterTopic === deadLetterTopic ? [way.topic] : [])))];
  }

  totals(): Totals {
    const totals = { ...this.#past };
    for (const running of this.#active.values()) {
      if (running !== undefined) add(totals, running.handle);
    }
    return totals;
  }

  /** Refuses new subscriptions and gives up those that are being made; returns those that run. */
  refuse(): SubscriptionHandle[] {
    this.#closing.abort(new BusClosedError());
    return [...this.#active.values()].flatMap((running) => (running === undefined ? [] : [running.handle]));
  }

  /**
   * While `work` runs, none of the topic's subscriptions is being made: those that were come first, and further ones
   * wait, so that they find the topic's persistence decided.
   */
  async whileMoving<T>(topic: string, work: () => Promise<T>): Promise<T> {
    const moving = deferred();
    this.#moving.set(topic, moving.promise);
    try {
      await this.joined();
      return await work();
    } finally {
      this.#moving.delete(topic);
      moving.resolve();
    }
  }

  /** The topic's persistence is another one now, and its messages come the same way as before. */
  adopt(topic: string): void {
    for (const { handle, ordered, options } of this.#of(topic)) {
      handle.adopt(this.#policy(topic, ordered, { ...options, from: 'latest' }));
    }
  }

  /**
   * Subscriptions on the way that a topic of this persistence goes, in position for each that runs, and not begun.
   * `moveOver` has the running ones finish what they have and go on there; `giveUp` undoes it all.
   */
  async prepareMove(topic: string, persistence: Persistence): Promise<PreparedMove> {
    const signal = AbortSignal.any([timeoutSignal(SUBSCRIBE_TIMEOUT_MS), this.#closing.signal]);
    const moves: { handle: SubscriptionHandle; next: ActiveSubscription }[] = [];
    const giveUp = async () => void (await Promise.all(moves.map(({ next }) => next.close({ timeout: 0 }))));
    try {
      for (const running of this.#of(topic)) {
        const { handle, ordered, options } = running;
        // Everything before this moment comes by the other way.
        const policy = this.#policy(topic, ordered, { ...options, from: 'latest' }, persistence);
        moves.push({ handle, next: await this.#activate(policy, running, signal) });
      }
    } catch (error) {
      await giveUp();
      throw this.#closed ? new BusClosedError() : this.#subscribeError(topic, error, undefined);
    }
    const moveOver = async () => {
      for (const [index, { handle, next }] of moves.entries()) {
        try {
          await handle.moveTo(next, signal);
        } catch (error) {
          if (index === 0) throw this.#subscribeError(topic, error, undefined);
          // Others have moved already: there is no way back.
          const text =
            'a moved subscription could not finish its former way: what that holds stays with the group';
          this.#options.logger.error({ err: error, topic, group: handle.group }, text);
          await handle.moveTo(next);
        }
      }
    };
    return { moveOver, giveUp };
  }

  #of(topic: string): Running[] {
    return [...this.#active.values()].filter(
      (running): running is Running => running?.handle.topic === topic && !running.handle.isClosing,
    );
  }

  /** Resolves when no subscription is being made any more. */
  async joined(): Promise<void> {
    await Promise.allSettled(this.#joining);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #open(
    topic: string,
    ordered: boolean,
    handle: Handle<Attempt>,
    options: SubscribeOptions,
    internal = false,
  ): Promise<Subscription> {
    if (this.#closed) throw new BusClosedError();
    const { signal } = options;
    if (signal?.aborted === true) throw abortError(signal, `subscribing to '${topic}'`);
    const { driver, connection } = this.#options;
    validateTopicName(topic);
    driver.validateTopic?.(topic, 'subscribe');
    // What the broker can do is known once it is connected.
    if (!connection.everConnected) await this.#connected(topic, signal);
    for (let moving = this.#moving.get(topic); moving !== undefined; moving = this.#moving.get(topic))
      await moving;
    if (this.#closed) throw new BusClosedError();
    const policy = this.#policy(topic, ordered, options);
    const id = `${topic}\0${policy.group}`;
    if (this.#active.has(id)) throw new AlreadySubscribedError(topic, policy.group);
    // The place is taken before the first await, so that two calls at once cannot both have it.
    this.#active.set(id, undefined);
    const joining = this.#join(id, policy, { ordered, handler: handle, options, internal });
    this.#joining.add(joining);
    try {
      return await joining;
    } catch (error) {
      this.#active.delete(id);
      throw this.#closed ? new BusClosedError() : this.#subscribeError(topic, error, signal);
    } finally {
      this.#joining.delete(joining);
    }
  }

  #connected(topic: string, signal: AbortSignal | undefined): Promise<void> {
    const timeout = timeoutSignal(SUBSCRIBE_TIMEOUT_MS);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    return this.#options.connection.whenConnected(either, `subscribing to '${topic}'`);
  }

  async #join(id: string, policy: ConsumePolicy, how: Omit<Running, 'handle'>): Promise<SubscriptionHandle> {
    const { events } = this.#options;
    const { topic, group } = policy;
    const { signal } = how.options;
    const bounds = [timeoutSignal(SUBSCRIBE_TIMEOUT_MS), this.#closing.signal];
    const first = await this.#activate(
      policy,
      how,
      AbortSignal.any(signal === undefined ? bounds : [...bounds, signal]),
    );
    const onAbort = () => void handle.close();
    const handle: SubscriptionHandle = new SubscriptionHandle(first, (closed) => {
      signal?.removeEventListener('abort', onAbort);
      add(this.#past, closed);
      this.#active.delete(id);
      events.emit('unsubscribed', { topic, group });
    });
    this.#active.set(id, { handle, ...how });
    signal?.addEventListener('abort', onAbort, { once: true });
    if (this.#closed || signal?.aborted === true) {
      await handle.close();
      throw new BusClosedError(); // Of an abort `#open` makes its own error.
    }
    try {
      handle.begin();
    } catch (error) {
      await handle.close({ timeout: 0 });
      throw error;
    }
    events.emit('subscribed', { topic, group });
    return handle;
  }

  /** A subscription in position, that does not fetch yet. */
  async #activate(
    policy: ConsumePolicy,
    { handler, internal }: Pick<Running, 'handler' | 'internal'>,
    signal: AbortSignal,
  ): Promise<ActiveSubscription> {
    const { driver, clock, breather, logger, handlerLogger, metrics, outbound, codec, disclose } =
      this.#options;
    const { topic, group, persistence, from, ordering } = policy;
    const ready = this.#options.topics.use.ready(topic, persistence);
    if (ready !== undefined) await abortable(ready, signal, `subscribing to '${topic}'`);
    const joined = await driver.subscribe(
      { topic, group, persistence, from, ordering, durable: !internal },
      { signal },
    );
    const reports = consumeReports(policy, this.#options);
    const deadLetters = new DeadLetterWriter({
      topic,
      group,
      deadLetterTopic: policy.deadLetterTopic,
      publish: (letter, abort) =>
        outbound.publishDeadLetter(letter, () => this.deadLettersInto(letter.topic), abort, 'dead-letter'),
      clock,
      events: reports,
      disclose,
    });
    return new ActiveSubscription({
      policy,
      driver: joined,
      clock,
      breather,
      logger,
      handlerLogger,
      metrics,
      gauges: this.#gauges?.share(topic, ordering !== 'none'),
      events: reports,
      deadLetters,
      bucketsOf: (changed) => this.#buckets(changed),
      assignLane: ordering === 'none' ? undefined : laneAssigner(codec, policy.laneBy),
      pipeline: () => this.#pipeline(policy, handler, internal),
    });
  }

  /** Outermost first: span, metrics, the application's middleware, decoding and the handler. */
  #pipeline(policy: ConsumePolicy, handle: Handle<Attempt>, internal: boolean): Handle<Attempt> {
    const { middleware, metrics, telemetry } = this.#options;
    // Probes go as they are, in both directions: the application's middleware is for its own messages.
    let pipeline = internal ? handle : composeConsume<Attempt>(middleware.consume, handle);
    if (metrics !== undefined) pipeline = measured(policy.topic, metrics, pipeline);
    pipeline = inContext(policy.ordering !== 'none', pipeline);
    if (telemetry === undefined) return pipeline;
    const inner = pipeline;
    return (attempt) => {
      if (!telemetry.active) return inner(attempt);
      const info = { group: policy.group, attempt: attempt.attempt };
      return telemetry.process(attempt.delivery.incoming, info, () => inner(attempt));
    };
  }

  #buckets({ rateLimit }: ConsumePolicy): TokenBucket[] {
    const buckets = this.#bucket === undefined ? [] : [this.#bucket];
    if (rateLimit === undefined) return buckets;
    return [...buckets, new TokenBucket(rateLimit.perSecond, rateLimit.burst, this.#options.clock)];
  }

  #policy(
    topic: string,
    ordered: boolean,
    options: SubscribeOptions,
    persistence: Persistence = this.#options.topics.persistenceOf(topic),
  ): ConsumePolicy {
    const { driver, config } = this.#options;
    const group = options.group ?? this.#options.defaultGroup;
    if (group === undefined) throw withoutGroup(topic, driver.system);
    if (typeof group !== 'string' || group.trim() === '') {
      throw new ConfigError(`subscription to '${topic}': group must be non-empty text`);
    }
    return consumePolicy({
      topic,
      group,
      persistence,
      ordered,
      options,
      system: driver.system,
      defaultFrom: driver.defaultFrom,
      maxDeliveries: driver.maxDeliveries,
      capabilities: driver.capabilities(persistence),
      defaults: consumeDefaults(config, ordered),
      validateName: (name) => {
        validateTopicName(name);
        driver.validateTopic?.(name, 'publish');
      },
    });
  }

  #subscribeError(topic: string, error: unknown, signal: AbortSignal | undefined): EbusError {
    if (signal?.aborted === true) return abortError(signal, `subscribing to '${topic}'`);
    return EbusError.from(error, (reason) => {
      const { driver } = this.#options;
      const { code, retryable } = classified(driver, error);
      return new EbusError(`subscribing to '${topic}' over ${driver.system} failed: ${reason}`, {
        code: code === 'PUBLISH_FAILED' ? 'SUBSCRIBE_FAILED' : code,
        retryable,
        cause: error,
      });
    });
  }
}

/** Events always have ids that travel; other messages may have them in their headers. */
function inContext(isOfEvents: boolean, handle: Handle<Attempt>): Handle<Attempt> {
  if (isOfEvents) return (attempt) => whileHandling(attempt, handle);
  return (attempt) => {
    // A subscription that was made in a handler must not hand on the ids of that one's message.
    const mayMatter = attempt.delivery.incoming.headers.length > 0 || isHandling();
    return mayMatter ? whileHandling(attempt, handle) : handle(attempt);
  };
}

function consumeDefaults({ subscriber, keyedWorkerPool }: ResolvedConfig, ordered: boolean): ConsumeDefaults {
  const { errorHandling, processTimeout, maxConcurrency } = subscriber;
  return {
    concurrency: ordered ? keyedWorkerPool.workerCount : maxConcurrency,
    queuePerKey: keyedWorkerPool.queueSize,
    reportStallAfter: keyedWorkerPool.waitTimeout,
    processingTimeout: processTimeout,
    maxRetries: errorHandling.maxRetryAttempts,
    backoffBase: errorHandling.retryBackoffBase,
    backoffMax: errorHandling.retryBackoffMax,
    deadLetterTopic: errorHandling.deadLetterTopic,
  };
}

function add(totals: Totals, subscription: SubscriptionHandle): void {
  const { handled, failedAttempts, inFlight, oldestInFlightMs } = subscription.stats();
  totals.handled += handled;
  totals.failedAttempts += failedAttempts;
  totals.inFlight += inFlight;
  totals.oldestInFlightMs = Math.max(totals.oldestInFlightMs, oldestInFlightMs);
}

/** Before anything else: what is wrong by itself is refused whatever the state of the bus. */
function checkCall(
  method: 'subscribe' | 'subscribeEnvelope',
  topic: unknown,
  handler: unknown,
  options: SubscribeOptions | undefined,
): void {
  if (typeof topic === 'function') {
    throw new ConfigError(`${method}(topic, handler): the topic comes first, then the handler`);
  }
  if (typeof handler !== 'function') {
    throw new ConfigError(
      `${method}(topic, handler) needs a function as its handler, got ${describeValue(handler)}`,
    );
  }
  checkSubscribeOptions(method, shown(topic), options);
}
