/** `@ebus/core/driver`: core's API for adapters. */
export { z } from 'zod';
export { type Clock, systemClock, type TimerHandle } from '../clock.js';
export { type Duration, parseDuration } from '../duration.js';
export {
  abortError,
  BusClosedError,
  ConfigError,
  ConnectionError,
  EbusError,
  type ErrorCode,
  PluginError,
  PublishError,
  PublishTimeoutError,
  reasonOf,
  TopicNameError,
  UnsupportedError,
} from '../errors.js';
export {
  findHeader,
  type HeaderList,
  type HeadersInput,
  type HeaderValue,
  headerBytes,
  headerText,
  toHeaderList,
} from '../headers.js';
export { defaultLogger, type Logger } from '../logger.js';
export { definePlugin, type PluginContext, type TransportPlugin } from '../registry/plugin.js';
export { isRedriveHeader, REDRIVE_GROUP_HEADER } from '../reserved-headers.js';
export { durationSetting, fileNameSetting, refusedSetting, sizeSetting } from '../settings.js';
export { type Bytes, parseSize } from '../size.js';
export { anySignal, type LinkedSignal, linkedSignal } from '../util/any-signal.js';
export { type BackoffOptions, backoffDelay } from '../util/backoff.js';
export { type DeadlineEntry, DeadlineQueue } from '../util/deadline-queue.js';
export { Deque } from '../util/deque.js';
export { inexactNumber, parseExactly } from '../util/exact-json.js';
export { fnv1a32 } from '../util/fnv1a.js';
export * as kinds from '../util/option-kinds.js';
export { checkOptions, type OptionTable, optionTable } from '../util/options.js';
export { shown } from '../util/shown.js';
export { SkippableClock } from '../util/skippable-clock.js';
export { randomUuid } from '../util/uuid.js';
export { pause, type TimeLimit, within } from '../util/waiting.js';
export { Attempts } from './attempts.js';
export type { Capabilities } from './capabilities.js';
export type {
  AttemptOptions,
  BrowseSpec,
  CallOptions,
  ConnectionChange,
  Driver,
  DriverHost,
  ErrorClass,
  PingReply,
} from './driver.js';
export {
  formatPosition,
  type IncomingMessage,
  type OffsetValue,
  type OutgoingRecord,
  type Persistence,
  type Position,
  type SendReceipt,
  type SendRecord,
  type Settlement,
  type SettleOutcome,
  type SettleToken,
} from './message.js';
export { messageSize } from './message-size.js';
export { compareOffsets, isSamePosition } from './offsets.js';
export { PrefixTracker } from './prefix-tracker.js';
export { type ServerAddress, serverAddress } from './server-address.js';
export { logCreated, logSettingChanges, type SettingChange, type SettingKind } from './setting-changes.js';
export type {
  Credit,
  DriverSubscription,
  PartitionLag,
  SubscriptionSink,
  SubscriptionSpec,
  UnsettledCount,
  UnsettledOptions,
} from './subscription.js';
export type {
  Compression,
  ConsumerDescription,
  DriverTopicAdmin,
  EnsuredTopic,
  EnsureSpec,
  NewTopicSpec,
  TopicConfigStrategy,
  TopicDescription,
  TopicSpec,
} from './topic-admin.js';
export type { BrokerFigures, GroupFigures, GroupLag, LogEnds, Room, TopicFigures } from './topic-figures.js';
