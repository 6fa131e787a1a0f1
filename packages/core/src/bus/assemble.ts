/** Wires the parts of a bus together. */
import type { Clock } from '../clock.js';
import type { ResolvedConfig } from '../config/schema.js';
import type { ConnectionSupervisor } from '../connection/supervisor.js';
import type { Driver } from '../driver/driver.js';
import type { EnvelopeCodec } from '../envelope/codec.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import { composePublish } from '../pipeline/compose.js';
import type { Telemetry } from '../pipeline/telemetry.js';
import { Publisher } from '../publish/publisher.js';
import type { Extension } from '../registry/plugin.js';
import { validateTopicName } from '../topic-name.js';
import type { TopicGovernance } from '../topics/governance.js';
import { BusTopicManager } from '../topics/topic-manager.js';
import type { ReadTopics } from '../topics/topics-file.js';
import { Breather } from '../util/breather.js';
import type { BusLogger } from '../util/bus-logger.js';
import type { Disclose } from '../util/disclose.js';
import { TokenBucket } from '../util/token-bucket.js';
import type { Emitter } from './bus-events.js';
import type { BusParts } from './bus-parts.js';
import { DeadLetters } from './dead-letters.js';
import { Inbound } from './inbound.js';
import { Lifecycle } from './lifecycle.js';
import { MiddlewareList } from './middleware-list.js';
import { Monitoring } from './monitoring.js';
import { type MoveTopicParts, moveTopic } from './move-topic.js';
import { Outbound } from './outbound.js';
import { publishReports } from './publish-reports.js';

const DEFAULT_MAX_IN_FLIGHT = 10_000;

export interface AssembleInput {
  config: ResolvedConfig;
  serviceName: string;
  defaultGroup: string | undefined;
  driver: Driver;
  clock: Clock;
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
  const breather = new Breather();
  const publisher = new Publisher({
    driver,
    clock,
    breather,
    metrics,
    maxInFlight: maxInFlight ?? driver.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
    bucket: rateLimit.enabled
      ? new TokenBucket(rateLimit.ratePerSecond, rateLimit.burstSize, clock)
      : undefined,
    backoff: { base: errorHandling.retryBackoffBase, max: errorHandling.retryBackoffMax },
    deadLetters:
      errorHandling.deadLetterTopic === ''
        ? undefined
        : {
            topic: errorHandling.deadLetterTopic,
            publish: (letter, of, options) =>
              outbound.publishDeadLetter(letter, () => [of], options.signal, 'publisher-letter', options),
            disclose,
          },
    events: publishReports(events, logger, disclose),
  });
  middleware.onPublishChange((all) => publisher.setMiddleware(composePublish(all)));
  const topics: BusTopicManager = new BusTopicManager({
    driver,
    logger,
    strategy: driver.topicConfigStrategy ?? config.topicConfigStrategy,
    onMismatch: config.onMismatch,
    unconfigured: config.unconfiguredTopics,
    validateName: (topic) => {
      validateTopicName(topic);
      driver.validateTopic?.(topic, 'publish');
    },
    onChange: (topic) => outbound.refreshRoute(topic),
    move: (topic, persistence, commit) => moveTopic(moveParts(), topic, persistence, commit),
    governance,
    readTopics,
    clock,
  });
  const moveParts = (): MoveTopicParts => ({
    driver,
    inbound,
    outbound,
    clock,
    logger,
    publishTimeout: config.publisher.publishTimeout,
    refused: publisher.refused,
  });
  const outbound: Outbound = new Outbound({
    driver,
    config,
    publisher,
    topics,
    codec,
    telemetry,
    clock,
    logger,
  });
  const inbound: Inbound = new Inbound({
    driver,
    config,
    defaultGroup,
    topics,
    outbound,
    codec,
    middleware,
    telemetry,
    metrics,
    events,
    connection,
    clock,
    breather,
    logger,
    handlerLogger,
    disclose,
  });
  const configuredTopic = config.subscriber.errorHandling.deadLetterTopic;
  const { refused } = publisher;
  const deadLetters = new DeadLetters({
    ...{ driver, outbound, inbound, clock, logger, configuredTopic, refused },
  });
  const monitoring: Monitoring = new Monitoring({
    ...{ config, driver, clock, logger, metrics, events, connection, topics, publisher, outbound, inbound },
    serviceName,
    closing: closing.signal,
  });
  const lifecycle: Lifecycle = new Lifecycle({
    ...{ topics, driver, connection, inbound, publisher, monitoring, extensions, ownMetrics, logger },
    closing,
  });
  return {
    config,
    serviceName,
    driver,
    clock,
    breather,
    logger,
    metrics,
    connection,
    topics,
    publisher,
    outbound,
    inbound,
    middleware,
    events,
    deadLetters,
    monitoring,
    lifecycle,
    closing: closing.signal,
  };
}
