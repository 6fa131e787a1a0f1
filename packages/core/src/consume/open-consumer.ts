/** From a topic, a handler and options to a consumer in position. */
import type { Clock } from '../clock.js';
import { DeadLetterWriter } from '../dead-letters/dead-letter-writer.js';
import type { Letter } from '../dead-letters/letter.js';
import { ParkedLetters } from '../dead-letters/park/parked-letters.js';
import { classOf, driverError } from '../driver/classified.js';
import type { Driver } from '../driver/driver.js';
import { givenMessageId, type Persistence } from '../driver/message.js';
import type { EnvelopeCodec } from '../envelope/codec.js';
import { abortError, ConfigError, type EbusError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import { SharedGauges } from '../metrics/shared-gauges.js';
import { composeConsume, type Handle } from '../pipeline/compose.js';
import type { ConsumeMiddleware } from '../pipeline/context.js';
import { isHandling, whileHandling } from '../pipeline/handling.js';
import { idsOf } from '../pipeline/message-ids.js';
import { measured } from '../pipeline/metrics.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { validateTopicName } from '../topic-name.js';
import type { Disclose } from '../util/disclose.js';
import type { EventLoopYield } from '../util/event-loop-yield.js';
import { TokenBucket } from '../util/token-bucket.js';
import { abortable } from '../util/waiting.js';
import type { Attempt } from './attempt.js';
import { Consumer } from './consumer.js';
import type { Delivery } from './delivery.js';
import type { ConsumeEvents } from './events.js';
import { joinGroup } from './join-group.js';
import { laneAssigner } from './lane-key.js';
import { type ConsumeDefaults, type ConsumePolicy, consumePolicy } from './policy.js';
import type { SubscribeOptions } from './types.js';

/** The parts of a bus that consumers need. A test may hand in its own. */
export interface OpenConsumerOptions {
  readonly driver: Driver;
  /** Of subscriptions that name no group; undefined where each has to. */
  readonly defaultGroup: string | undefined;
  /** The configured defaults of every subscription, with or without order. */
  defaults(ordered: boolean): ConsumeDefaults;
  /** The rate limit that all subscriptions share. */
  readonly rateLimit: TokenBucket | undefined;
  /** The persistence that the topic's subscriptions use at this moment. */
  persistenceOf(topic: string): Persistence;
  /** Undefined where the topic is known to be there; else resolves once it is. */
  whenTopicReady(topic: string, persistence: Persistence): Promise<void> | undefined;
  /** The broker says that the topic is not there any more. */
  topicMissed(topic: string, persistence: Persistence): void;
  /** `of`: the topics whose dead letters go there. */
  publishDeadLetter(letter: Letter, of: () => readonly string[], signal: AbortSignal): Promise<unknown>;
  readonly codec: EnvelopeCodec;
  readonly middleware: { readonly consume: readonly ConsumeMiddleware[] };
  readonly telemetry: Telemetry | undefined;
  readonly metrics: MetricsCollector | undefined;
  /** The receiver of a consumer's events. */
  eventsOf(policy: ConsumePolicy): ConsumeEvents;
  readonly clock: Clock;
  readonly loopYield: EventLoopYield;
  readonly logger: Logger;
  readonly handlerLogger: Logger;
  readonly disclose: Disclose;
}

interface Work {
  readonly handler: Handle<Attempt>;
  /** The bus's own, for probes. */
  readonly internal: boolean;
}

/** Makes policies and consumers of subscribe calls. */
export class ConsumerOpener {
  readonly #options: OpenConsumerOptions;
  readonly #deadLettersInto: (deadLetterTopic: string) => readonly string[];
  readonly #gauges: SharedGauges | undefined;
  /** Of topics of these it was said that order holds within each instance only. */
  readonly #narrowed = new Set<Persistence>();

  constructor(options: OpenConsumerOptions, deadLettersInto: (deadLetterTopic: string) => readonly string[]) {
    this.#options = options;
    this.#deadLettersInto = deadLettersInto;
    if (options.metrics !== undefined) this.#gauges = new SharedGauges(options.metrics);
  }

  /**
   * @throws ConfigError without a group, and for options that are wrong for this topic
   * @throws TopicNameError, UnsupportedError as `consumePolicy` does
   */
  policy(
    topic: string,
    ordered: boolean,
    options: SubscribeOptions,
    persistence: Persistence = this.#options.persistenceOf(topic),
  ): ConsumePolicy {
    const { driver } = this.#options;
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
      defaults: this.#options.defaults(ordered),
      validateName: (name) => {
        validateTopicName(name);
        driver.validateTopic?.(name, 'publish');
      },
    });
  }

  /** A consumer in position, that does not fetch yet. */
  async open(policy: ConsumePolicy, { handler, internal }: Work, signal: AbortSignal): Promise<Consumer> {
    const { driver, clock, loopYield, logger, handlerLogger, metrics, telemetry, codec, disclose } =
      this.#options;
    const { topic, group, persistence, from, ordering } = policy;
    if (policy.isNarrowed && !internal) this.#sayNarrowed(persistence);
    const reports = this.#options.eventsOf(policy);
    const events: ConsumeEvents = {
      ...reports,
      failed: (source, error, ...rest) => reports.failed(source, this.#told(topic, error), ...rest),
    };
    const { deadLetterTopic } = policy;
    const publish = (letter: Letter, abort: AbortSignal) =>
      this.#options.publishDeadLetter(letter, () => this.#deadLettersInto(letter.topic), abort);
    const deadLetters = new DeadLetterWriter({
      topic,
      group,
      deadLetterTopic,
      publish,
      clock,
      events,
      disclose,
    });
    const make = () =>
      new Consumer({
        policy,
        clock,
        loopYield,
        logger,
        handlerLogger,
        metrics,
        gauges: this.#gauges?.share(topic, ordering !== 'none'),
        events,
        deadLetters,
        parkedLetters: this.#canPark(policy)
          ? new ParkedLetters({ driver, topic, group, deadLetterTopic, clock, publish })
          : undefined,
        disclose,
        bucketsOf: (changed) => this.#buckets(changed),
        settling: telemetry && ((batch) => settling(telemetry, policy, batch)),
        assignLane: ordering === 'none' ? undefined : laneAssigner(codec, policy.laneBy),
        browse: this.#browse(policy),
        pipeline: () => this.#pipeline(policy, handler, internal),
        topicMissed: () => this.#options.topicMissed(topic, persistence),
      });
    const parks = policy.onExhausted === 'park';
    const spec = { topic, group, persistence, from, ordering, durable: !internal, parks };
    const join = (triesMissing = true) =>
      joinGroup({ driver, clock, logger, spec, make, signal, triesMissing });
    const asked = this.#asked(policy, signal);
    if (asked !== false) {
      await asked;
      return join();
    }
    try {
      return await join(false);
    } catch (error) {
      if (signal.aborted || classOf(driver, error).code !== 'TOPIC_NOT_FOUND') throw error;
      // It was there when it was used before.
      this.#options.topicMissed(topic, persistence);
      await this.#asked(policy, signal);
      return join();
    }
  }

  #sayNarrowed(persistence: Persistence): void {
    if (this.#narrowed.has(persistence)) return;
    this.#narrowed.add(persistence);
    const { driver, logger } = this.#options;
    const text =
      'the order of an aggregate holds within each instance of a group and not across its instances: the transport offers no ' +
      "more for these topics. Run one instance, or say that this is enough: ordering: 'instance'";
    logger.info({ system: driver.system, persistence }, text);
  }

  /** Whether the topic can be used had to be asked, and it can. False: it is known. */
  #asked({ topic, persistence }: ConsumePolicy, signal: AbortSignal): Promise<true> | false {
    const ready = this.#options.whenTopicReady(topic, persistence);
    if (ready === undefined) return false;
    return abortable(ready, signal, `subscribing to '${topic}'`).then(() => true);
  }

  /** Where letters of parked keys may be: also of those that were parked under other options. */
  #canPark({ persistence }: ConsumePolicy): boolean {
    const { driver } = this.#options;
    return driver.browse !== undefined && driver.capabilities(persistence).parking === true;
  }

  #browse({ topic, group, persistence }: ConsumePolicy) {
    const { driver } = this.#options;
    if (driver.browse === undefined || driver.capabilities(persistence).browse !== true) return undefined;
    const browse = driver.browse.bind(driver);
    return (signal: AbortSignal, partition?: number) =>
      browse({ topic, from: { group }, ...(partition === undefined ? {} : { partition }) }, { signal });
  }

  /** The driver's error of a subscription, in ebus' terms: listeners look at codes. */
  #told(topic: string, error: unknown): EbusError {
    return driverError(this.#options.driver, error, `the subscription to '${topic}'`, 'SUBSCRIBE_FAILED');
  }

  errorOf(topic: string, error: unknown, signal: AbortSignal | undefined): EbusError {
    const what = `subscribing to '${topic}'`;
    if (signal?.aborted === true) return abortError(signal, what);
    return driverError(this.#options.driver, error, what, 'SUBSCRIBE_FAILED');
  }

  /** Outermost first: span, metrics, the application's middleware, decoding and the handler. */
  #pipeline(policy: ConsumePolicy, handle: Handle<Attempt>, internal: boolean): Handle<Attempt> {
    const { middleware, metrics, clock, telemetry } = this.#options;
    // Probes go as they are, in both directions: the application's middleware is for its own messages.
    let pipeline = internal ? handle : composeConsume<Attempt>(middleware.consume, handle);
    if (metrics !== undefined) pipeline = measured(policy.topic, { metrics, clock }, pipeline);
    pipeline = inContext(policy.ordering !== 'none', pipeline);
    if (telemetry === undefined || internal) return pipeline;
    const inner = pipeline;
    return (attempt) => {
      if (!telemetry.active) return inner(attempt);
      const { subject, decoded } = attempt.delivery;
      const { eventId, correlationId } = idsOf(subject, decoded);
      const info = {
        ...{ group: policy.group, attempt: attempt.attempt },
        messageId: eventId ?? givenMessageId(subject.topic, subject.messageId),
        conversationId: correlationId,
      };
      return telemetry.process(subject, info, attempt, () => inner(attempt));
    };
  }

  #buckets({ rateLimit: own }: ConsumePolicy): TokenBucket[] {
    const { rateLimit, clock } = this.#options;
    const buckets = rateLimit === undefined ? [] : [rateLimit];
    return own === undefined ? buckets : [...buckets, new TokenBucket(own.perSecond, own.burst, clock)];
  }
}

/** Of a settlement that waits for the broker. */
function settling(telemetry: Telemetry, { topic, group }: ConsumePolicy, batch: readonly Delivery[]) {
  if (!telemetry.active) return undefined;
  return telemetry.startSettle(
    topic,
    group,
    batch.map(({ attempt }) => attempt?.span),
  );
}

/** Events always have ids that travel; other messages may have them in their headers. */
function inContext(isOfEvents: boolean, handle: Handle<Attempt>): Handle<Attempt> {
  if (isOfEvents) return (attempt) => whileHandling(attempt, handle);
  return (attempt) => {
    // A subscription that was made in a handler must not hand on the ids of that one's message.
    const mayMatter = attempt.delivery.subject.headers.length > 0 || isHandling();
    return mayMatter ? whileHandling(attempt, handle) : handle(attempt);
  };
}

function withoutGroup(topic: string, system: string): ConfigError {
  return new ConfigError(
    `subscription to '${topic}': say serviceName or a group. Other services use the same ${system}, and members of a group ` +
      "share its messages: set serviceName in the configuration, or give subscribe { group: '…' }",
  );
}
