/** The public shapes of consuming. */
import type { Duration } from '../duration.js';
import type { Envelope } from '../envelope/envelope.js';
import type { HandlerContext } from '../pipeline/context.js';
import type { ExhaustedAction, FailureAction } from '../pipeline/failure.js';
import type { Message } from '../pipeline/message.js';

/**
 * Resolving (or returning) settles the message; throwing, rejecting or running out of time is a failure. Its
 * result is dropped.
 */
export type MessageHandler = (message: Message, context: HandlerContext) => unknown;
/** As `MessageHandler`, for domain events. */
export type EnvelopeHandler<P = unknown> = (envelope: Envelope<P>, context: HandlerContext) => unknown;

/**
 * Pauses between the attempts of one message: `base * factor ** n`, at most `max`, with full jitter unless turned
 * off.
 */
export interface RetryBackoff {
  /** Default 1 s. */
  base?: Duration;
  /** Default 30 s. */
  max?: Duration;
  /** Default 2. */
  factor?: number;
  /** Full jitter: a random share of the delay. Default true. */
  jitter?: boolean;
}

/** The failed attempt that `onError` decides about. */
export interface ErrorContext extends Pick<HandlerContext, 'message' | 'topic' | 'group' | 'attempt'> {
  /** Attempts left after this one. */
  readonly retriesLeft: number;
}

/** The key of the order: the envelope's aggregate, or the message's own key first. */
export type LaneBy = 'aggregate' | 'key';

/** Messages begun per second, with bursts. `Infinity` lifts the limit. */
export interface RateLimit {
  perSecond: number;
  /** Default: `perSecond`. */
  burst?: number;
}

/** The options of `subscription.update()`. */
export interface SubscriptionChanges {
  concurrency?: number;
  rateLimit?: RateLimit;
}

/** Options of one subscription. All optional; the configuration has the defaults. */
export interface SubscribeOptions {
  /** Members of a group share the work; each group sees every message. Default: the adapter's, else `serviceName`, else its `clientId`. */
  group?: string;
  /** Where a group without a position starts. Default: `earliest` on persistent topics, `latest` on ephemeral ones. */
  from?: 'earliest' | 'latest' | Date;
  /** Handlers running at once. Default: 10 for `subscribe`, 256 (aggregates) for `subscribeEnvelope`. */
  concurrency?: number;
  /**
   * Per-aggregate order across all members of the group (`cluster`, refused where the transport cannot), or within each member.
   * Default: the most that the transport offers. The log says where that is less than `cluster`.
   */
  ordering?: 'instance' | 'cluster';
  /**
   * The order of events; for `subscribeEnvelope`. Default `aggregate`: the aggregate id of the envelope, regardless
   * of the message's key and header. `key`: the message's key, else its header; an event whose envelope names another
   * aggregate fails for good, and is not handled. Either way no two events of one aggregate are handled at once.
   */
  laneBy?: LaneBy;
  /** How long one attempt may take. Default 30 s. */
  processingTimeout?: Duration;
  /** Retries in place after the first attempt. Default 3. */
  maxRetries?: number;
  retryBackoff?: RetryBackoff;
  /** Attempts per second, as a token bucket; `burst` defaults to `perSecond`. */
  rateLimit?: RateLimit;
  /**
   * The action for a message whose attempts are used up. Default: `dead-letter` on persistent topics, `discard` on
   * ephemeral ones, `halt` on dead-letter topics.
   *
   * `park`, for `subscribeEnvelope` on persistent topics: the message and all later ones of its key go to the dead-letter topic, in
   * order, while other keys go on. `bus.deadLetters.redrive(topic, { key })` hands them back in order, before newer ones of the key
   * are handled. The parked keys are read from the dead-letter topic by each member that starts or takes over. Refused where the
   * transport cannot park (`capabilities`): Core NATS, NATS before 2.11.
   */
  onExhausted?: ExhaustedAction;
  /** Default `<topic>.dlq`. */
  deadLetterTopic?: string;
  /**
   * With `onExhausted: 'park'`: how many keys of the group may be parked at once. Default 10,000. Beyond it a key is halted
   * instead. A member that finds more of them when it starts handles nothing, and says so, until there are fewer.
   */
  maxParkedKeys?: number;
  /**
   * Messages that were redriven for another group: `trust`, the default, settles them unhandled; `ignore` handles them, for
   * topics where strangers may write that header. Messages settled this way are counted in `stats().skipped` and logged.
   */
  redrives?: 'trust' | 'ignore';
  /** Decides what to do with a failure; `retry` still ends with the attempts. */
  onError?: (error: unknown, context: ErrorContext) => FailureAction;
  /** Permission to go on with the key although a timed-out handler still runs. Off by default. */
  overlapAfter?: Duration;
  /** Closes the subscription when aborted. */
  signal?: AbortSignal;
}

/** A subscription in figures: counts since it was made, and gauges of this moment. */
export interface SubscriptionStats {
  /** Fetched and unsettled here: running, queued, in backoff and halted. */
  readonly inFlight: number;
  readonly inFlightBytes: number;
  readonly running: number;
  /** Keys (or, unordered, messages) that stand still until `retryHalted` or `skipHalted`. */
  readonly halted: number;
  /** Keys that are parked: their messages go to the dead-letter topic until they are redriven. */
  readonly parked: number;
  /** Timed-out handlers that have not returned. */
  readonly overrunning: number;
  readonly paused: boolean;
  /** Totals since the subscription was made. */
  readonly received: number;
  readonly handled: number;
  readonly failedAttempts: number;
  readonly retried: number;
  readonly deadLettered: number;
  readonly discarded: number;
  /** Settled unhandled, because they were redriven for another group. */
  readonly skipped: number;
  /** Age of the oldest unsettled message here, by when it was received; 0 when there is none. */
  readonly oldestInFlightMs: number;
}

/** A message at which a key, or an unordered subscription, stands still until `retryHalted` or `skipHalted`. */
export interface HaltedMessage {
  /** For `retryHalted` and `skipHalted`; empty in unordered subscriptions. */
  readonly key: string;
  readonly message: Message;
  /** The error of the last attempt, without secrets. */
  readonly errorMessage: string;
  readonly attempts: number;
  /** Milliseconds since it was received here. */
  readonly ageMs: number;
}

/** The outcome of closing, in messages. */
export interface CloseReport {
  /** Deliveries handled while draining. */
  readonly handled: number;
  /** Deliveries handed back to the broker unhandled. */
  readonly abandoned: number;
  /** Publishes that were not acknowledged when the bus disconnected. */
  readonly unpublished: number;
  /** True when handlers or publishes had to be cut short. */
  readonly timedOut: boolean;
}

/** A subscription at work. Closing it is safe at any time, and more than once. */
export interface Subscription extends AsyncDisposable {
  readonly topic: string;
  readonly group: string | undefined;
  /** No further handler starts and nothing more is fetched; running handlers finish. Idempotent. */
  pause(): void;
  resume(): void;
  /** Gives a halted key (all of them, without one) its attempts afresh. */
  retryHalted(key?: string): void;
  /**
   * Dead-letters the message at which a key halted (of all halted keys, without one), then goes on with the key.
   * Rejects where a dead letter can never be written (too large for its topic); the key stays halted then.
   */
  skipHalted(key?: string): Promise<void>;
  /**
   * Changes how fast a live subscription works: nothing is lost, handled twice or reordered for it. Settings left out
   * stay. `concurrency` holds for handlers that start from now on; with fewer, running handlers finish. A new
   * `rateLimit` begins with a full bucket; `{ perSecond: Infinity }` lifts the limit. The window follows. It also holds
   * after the topic moves to another persistence. Without effect on a closed subscription.
   * @throws ConfigError for other changes, with nothing changed
   */
  update(changes: SubscriptionChanges): void;
  stats(): SubscriptionStats;
  /**
   * Drains like the bus does (default 30 s) and leaves the group. Never rejects for being slow. Calls share one outcome; one
   * with a `timeout` that is over earlier, or the bus's, shortens the wait for running handlers.
   */
  close(options?: { timeout?: Duration }): Promise<CloseReport>;
}
