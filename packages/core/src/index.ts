/** `@ebus/core`: the public API; names that are not here are private. Adapters: `@ebus/core/driver`. */

// ---- publishing and consuming ---------------------------------------------------------------------------
export type { StandardSchemaV1 } from '@standard-schema/spec';
export type {
  Backlog,
  BacklogSeverity,
  PublisherBacklog,
  PublisherBacklogState,
  SubscriberBacklog,
  SubscriberBacklogError,
  SubscriberBacklogEvent,
  SubscriberBacklogState,
} from './backlog/types.js';
// ---- the bus ------------------------------------------------------------------------------------------
export type {
  AssignedEvent,
  BusEvents,
  ConnectionEvent,
  DeadLetteredEvent,
  HaltedEvent,
  HandlerErrorEvent,
  OverrunningEvent,
  PublishedEvent,
  PublishFailedEvent,
  RevokedEvent,
  SubscriptionEvent,
} from './bus/bus-events.js';
export { closeOnSignals } from './bus/close-on-signals.js';
export { type CreateEventBusOptions, createEventBus } from './bus/create-event-bus.js';
export type {
  AssignmentFailure,
  BusErrorEvent,
  ConnectionFailure,
  DeadLetterFailure,
  HaltFailure,
  HandlerFailure,
  ListenerFailure,
  ParkedFailure,
  SubscriptionFailure,
} from './bus/error-event.js';
export type { EventBus, MetricsSnapshot } from './bus/event-bus.js';
export { closeGlobal, getGlobal, initializeGlobal } from './bus/global-bus.js';
export type { Inspect, SubscriptionReport } from './bus/inspect.js';
// ---- plug-ins, metrics, building blocks -----------------------------------------------------------------------
export { type Clock, systemClock, type TimerHandle } from './clock.js';
export { configJsonSchema, type JsonSchemaOptions } from './config/json-schema.js';
export { loadConfig, type ParseConfigOptions, parseConfig } from './config/load-config.js';
export type {
  CommonConfig,
  ConfigOverrides,
  ConfigPart,
  ErrorHandlingConfig,
  EventBusConfig,
  Extensions,
  HealthCheckConfig,
  HealthWatchConfig,
  PublisherBacklogConfig,
  RateLimitConfig,
  SubscriberBacklogConfig,
  Transports,
} from './config/types.js';
export type { Connection, ConnectionState } from './connection/connection.js';
export { type EventRoute, type RouteOptions, routeByEventType } from './consume/route-by-event-type.js';
export type {
  CloseReport,
  EnvelopeHandler,
  ErrorContext,
  HaltedMessage,
  LaneBy,
  MessageHandler,
  RateLimit,
  RetryBackoff,
  SubscribeOptions,
  Subscription,
  SubscriptionChanges,
  SubscriptionStats,
} from './consume/types.js';
export type { DeadLetter } from './dead-letters/dead-letter.js';
export type { DeadLetters } from './dead-letters/dead-letters.js';
export type { LetterCriteria } from './dead-letters/letter-criteria.js';
export type {
  DeleteOptions as DeadLetterDeleteOptions,
  ListOptions as DeadLetterListOptions,
  ParkOptions as DeadLetterParkOptions,
} from './dead-letters/options.js';
export type { ParkedKeySummary } from './dead-letters/park/parked-actions.js';
export type { FailedLetter, RedriveOptions, RedriveProgress } from './dead-letters/redrive.js';
// ---- topics -------------------------------------------------------------------------------------------------
export type { Capabilities } from './driver/capabilities.js';
export type { ConsumerDescription } from './driver/consumer-description.js';
export type { OffsetValue, Persistence, Position } from './driver/message.js';
export type { PartitionLag } from './driver/subscription.js';
export type { Compression, TopicDescription } from './driver/topic-admin.js';
export type {
  BrokerFigures,
  GroupFigures,
  GroupLag,
  LogEnds,
  Room,
  TopicFigures,
} from './driver/topic-figures.js';
export { type Duration, formatDuration, parseDuration, type Unit } from './duration.js';
export {
  decodeEnvelope,
  type EnvelopeCodec,
  encodeEnvelope,
  type JsonCodecOptions,
  jsonCodec,
} from './envelope/codec.js';
export { createEnvelope, type Envelope, type EnvelopeInput, validateEnvelope } from './envelope/envelope.js';
export { type AggregateIdSource, extractAggregateId } from './envelope/extract-aggregate-id.js';
export { type LineageCodecOptions, lineageCodec } from './envelope/lineage-codec.js';
export {
  AlreadySubscribedError,
  BusClosedError,
  ConfigError,
  type ConfigProblem,
  ConnectionError,
  EbusError,
  type EbusErrorOptions,
  EnvelopeError,
  ERROR_CODES,
  type ErrorCode,
  KeyedPoolFullError,
  PermanentError,
  PluginError,
  ProcessingTimeoutError,
  PublishError,
  PublishTimeoutError,
  type TopicMismatch,
  TopicMismatchError,
  TopicNameError,
  UnsupportedError,
} from './errors.js';
export {
  defineEvents,
  type EventDefinitions,
  type EventInputOf,
  type EventOf,
  type EventSchemas,
  type TypedEvent,
  type TypedEventInput,
} from './events/define-events.js';
export {
  type EventPublisher,
  type EventSubscriber,
  type TypedHandler,
  type TypedSubscribeOptions,
  type TypedTopic,
  topic,
} from './events/typed-topic.js';
export { type HeaderList, type HeadersInput, type HeaderValue, MessageHeaders } from './headers.js';
export type {
  AlertSeverity,
  AlertType,
  BusinessCheck,
  BusinessCheckResult,
  EventBusHealth,
  Health,
  HealthAlert,
  HealthCheckEvent,
  HealthCheckResult,
  HealthPublisher,
  HealthPublisherStatus,
  HealthReport,
  HealthStatus,
  HealthSubscriber,
  HealthSubscriberStats,
  ProbeRejection,
} from './health/types.js';
export type { AskOptions, LookFrom, LookOptions } from './inspect/types.js';
export { KeyedPool, type KeyedPoolOptions, type KeyedPoolStats } from './keyed-pool/keyed-pool.js';
export type { Logger } from './logger.js';
export type { MetricsCollector, MetricsExposition, PoolStats } from './metrics/collector.js';
export { type InMemoryMetric, InMemoryMetricsCollector } from './metrics/in-memory.js';
export { NoopMetricsCollector } from './metrics/noop.js';
export type {
  ConsumeMiddleware,
  HandlerContext,
  Middleware,
  PublishMiddleware,
  PublishReceipt,
} from './pipeline/context.js';
export type { ExhaustedAction, FailureAction } from './pipeline/failure.js';
export type { Message, PublishRecord } from './pipeline/message.js';
export type { MessageIds } from './pipeline/message-ids.js';
export type {
  JsonObject,
  JsonOf,
  PublishBody,
  PublishEnvelopeOptions,
  PublishOptions,
  PublishReport,
  PublishResult,
} from './publish/types.js';
export {
  definePlugin,
  type Extension,
  type ExtensionPlugin,
  type MetricsPlugin,
  type Plugin,
  type PluginContext,
  type TransportPlugin,
} from './registry/plugin.js';
export { defaultRegistry, Registry } from './registry/registry.js';
export { type Bytes, parseSize } from './size.js';
export { isValidTopicName, validateTopicName } from './topic-name.js';
export { TopicApplyError, type TopicFailure } from './topics/apply-error.js';
export {
  type EnforceReport,
  type GovernedBus,
  TopicGovernance,
  type TopicRule,
  type TopicViolation,
} from './topics/governance.js';
export { highThroughputTopic, lowThroughputTopic, mediumThroughputTopic } from './topics/presets.js';
export { type TemplateOutcome, TopicTemplates } from './topics/templates.js';
export { TopicBuilder } from './topics/topic-builder.js';
export type {
  ConfigureOptions,
  TopicManager,
  TopicOptions,
  TopicOutcome,
  TopicsWatch,
  WatchOptions,
} from './topics/types.js';
export { fnv1a32 } from './util/fnv1a.js';
