/** Wires the parts of a bus together. */
import type { Clock } from '../clock.js';
import type { ResolvedConfig } from '../config/schema.js';
import type { ConnectionSupervisor } from '../connection/supervisor.js';
import { type MoveTopicParts, moveTopic } from '../consume/move-topic.js';
import { Subscriptions } from '../consume/subscriptions.js';
import { DeadLetters } from '../dead-letters/dead-letters.js';
import type { Driver } from '../driver/driver.js';
import type { EnvelopeCodec } from '../envelope/codec.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import { composePublish } from '../pipeline/compose.js';
import { MiddlewareList } from '../pipeline/middleware-list.js';
import { Outbound } from '../publish/outbound.js';
import { Publisher } from '../publish/publisher.js';
import { TopicRoutes } from '../publish/topic-routes.js';
import type { Extension } from '../registry/plugin.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { validateTopicName } from '../topic-name.js';
import type { TopicGovernance } from '../topics/governance.js';
import { BusTopicManager } from '../topics/topic-manager.js';
import type { ReadTopics } from '../topics/topics-file.js';
import type { BusLogger } from '../util/bus-logger.js';
import type { Disclose } from '../util/disclose.js';
import { EventLoopYield } from '../util/event-loop-yield.js';
import { TokenBucket } from '../util/token-bucket.js';
import type { Emitter } from './bus-events.js';
import type { BusParts } from './bus-parts.js';
import { consumeDefaults } from './consume-defaults.js';
import { consumeReports } from './consume-reports.js';
import { Inspect } from './inspect.js';
import { Lifecycle } from './lifecycle.js';
import { Monitoring } from './monitoring.js';
import { publishReports } from './publish-reports.js';

const DEFAULT_MAX_IN_FLIGHT = 10_000;

/** Checked configuration, driver and foreign parts of a bus. */
export interface AssembleInput {
  config: ResolvedConfig;
  serviceName: string;
  defaultGroup: string | undefined;
  driver: Driver;
  clock: Clock;
  /** The same clock as it was given: ids of events grow over all buses that share it. */
  envelopeClock: Clock;
  logger: BusLogger;
  handlerLogger: Logger;
  disclose: Disclose;
  metrics: MetricsCollector | undefined;
  /** The collector that the bus made itself, and ends with it. */
  ownMetrics: MetricsCollector | undefined;
  telemetry: Telemetry | undefined;
  codec: EnvelopeCodec;
  events: Emitter;
  connection: ConnectionSupervisor;
  governance: TopicGovernance | undefined;
  readTopics: ReadTopics;
  /** Filled once the bus is there. */
  extensions: readonly Extension[];
  /** Aborted when the bus begins to close. */
  closing: AbortController;
}

/** Makes the parts of a bus and joins them. Nothing is started, and the driver is not asked for anything. */
export function assemble(input: AssembleInput): BusParts {
  const {
    config,
    serviceName,
    defaultGroup,
    driver,
    clock,
    logger,
    metrics,
    telemetry,
    codec,
    events,
    connection,
  } = input;
  const { governance, readTopics, extensions, handlerLogger, disclose, ownMetrics, closing } = input;
  const { rateLimit, errorHandling, maxInFlight } = config.publisher;
  const middleware = new MiddlewareList();
  const loopYield = new EventLoopYield(clock);
  const topics = new BusTopicManager({
    driver,
    logger,
    strategy: driver.topicConfigStrategy ?? config.topicConfigStrategy,
    onMismatch: config.onMismatch,
    unconfigured: config.unconfiguredTopics,
    validateName: (topic) => {
      validateTopicName(topic);
      driver.validateTopic?.(topic, 'publish');
    },
    governance,
    readTopics,
    clock,
  });
  const routes = new TopicRoutes({ driver, topics });
  const defaults = {
    timeout: config.publisher.publishTimeout,
    retries: errorHandling.maxRetryAttempts,
    signal: undefined,
  };
  const publisher = new Publisher({
    ...{ driver, clock, loopYield, metrics, telemetry, routes, topics, defaults, disclose, logger },
    maxInFlight: maxInFlight ?? driver.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
    bucket: bucketOf(rateLimit, clock),
    backoff: { base: errorHandling.retryBackoffBase, max: errorHandling.retryBackoffMax },
    deadLetterTopic: errorHandling.deadLetterTopic,
    events: publishReports(events, logger, disclose),
  });
  middleware.onPublishChange((all) => publisher.setMiddleware(composePublish(all)));
  const { letters } = publisher;
  const outbound = new Outbound({
    ...{ driver, publisher, routes, codec, telemetry, logger, defaults },
    envelopeClock: input.envelopeClock,
  });
  const subscriptions = new Subscriptions({
    driver,
    defaultGroup,
    defaults: (ordered) => consumeDefaults(config, ordered),
    rateLimit: bucketOf(config.subscriber.rateLimit, clock),
    persistenceOf: (topic) => topics.persistenceOf(topic),
    whenTopicReady: (topic, persistence) => topics.use.ready(topic, persistence, 'subscribe'),
    topicMissed: (topic, persistence) => topics.use.makeAgain(topic, persistence),
    publishDeadLetter: (letter, of, signal) => letters.publishDeadLetter(letter, of, signal, 'dead-letter'),
    codec,
    middleware,
    telemetry,
    metrics,
    eventsOf: (policy) => consumeReports(policy, { events, logger, disclose }),
    subscribed: (of) => events.emit('subscribed', of),
    unsubscribed: (of) => events.emit('unsubscribed', of),
    connection,
    clock,
    loopYield,
    logger,
    handlerLogger,
    disclose,
  });
  connection.onChange(({ status, lastError }) => {
    if (status === 'connected') publisher.setConnection('connected');
    else publisher.setConnection(status === 'failed' ? 'failed' : 'away', lastError);
    subscriptions.connectionChanged(status === 'connected');
  });
  const move: MoveTopicParts = {
    ...{ driver, subscriptions, clock, logger },
    routeOf: (topic) => routes.unchecked(topic),
    publishTimeout: config.publisher.publishTimeout,
    refused: publisher.refused,
  };
  topics.follow({
    changed: (topic) => routes.refresh(topic),
    move: (topic, persistence, commit) => moveTopic(move, topic, persistence, commit),
  });
  const configuredTopic = config.subscriber.errorHandling.deadLetterTopic;
  const { refused } = publisher;
  const deadLetters = new DeadLetters({
    ...{ driver, clock, logger, codec, configuredTopic, refused },
    publish: (letter, signal) => letters.publish(letter, signal, 'redrive'),
    deadLetterTopicsOf: (topic) => subscriptions.deadLetterTopicsOf(topic),
    deadLettersInto: (topic) => subscriptions.deadLettersInto(topic),
  });
  const inspect = new Inspect({
    ...{ driver, clock, subscriptions, closing: closing.signal },
    persistenceOf: (topic) => topics.persistenceOf(topic),
  });
  const monitoring: Monitoring = new Monitoring({
    ...{
      config,
      driver,
      clock,
      logger,
      metrics,
      events,
      connection,
      topics,
      publisher,
      outbound,
      subscriptions,
    },
    serviceName,
    closing: closing.signal,
  });
  const lifecycle: Lifecycle = new Lifecycle({
    ...{
      topics,
      driver,
      connection,
      subscriptions,
      publisher,
      deadLetters,
      monitoring,
      extensions,
      ownMetrics,
      clock,
      logger,
    },
    closing,
  });
  return {
    config,
    serviceName,
    driver,
    clock,
    loopYield,
    logger,
    metrics,
    connection,
    topics,
    publisher,
    outbound,
    routes,
    subscriptions,
    middleware,
    events,
    deadLetters,
    inspect,
    monitoring,
    lifecycle,
    closing: closing.signal,
  };
}

function bucketOf(limit: ResolvedConfig['publisher']['rateLimit'], clock: Clock): TokenBucket | undefined {
  return limit.enabled ? new TokenBucket(limit.ratePerSecond, limit.burstSize, clock) : undefined;
}
