/** The configuration as applications write it. Validation and defaults: schema.ts. */
import type { Duration } from '../duration.js';
import type { TopicOptions } from '../topics/types.js';

/**
 * The transports a configuration may name. Every adapter adds itself by declaration merging:
 * `declare module '@ebus/core' { interface Transports { nats: NatsConfig } }`. A value type that includes
 * `undefined` makes the transport's own section optional.
 */
export interface Transports {}

/** Sections that extensions add, `healthHttp: { port: 8080 }`; filled by declaration merging like `Transports`. */
export interface Extensions {}

/** A token bucket. Off by default. */
export interface RateLimitConfig {
  /** Default false. */
  enabled?: boolean;
  /** Default 1000. */
  ratePerSecond?: number;
  /** Default 100. */
  burstSize?: number;
}

/** Retries and dead letters of publishing or of consuming. */
export interface ErrorHandlingConfig {
  /** Subscribers: default `<topic>.dlq`. Publishers: none. */
  deadLetterTopic?: string;
  /** Default 3. */
  maxRetryAttempts?: number;
  /** Default 1 s. */
  retryBackoffBase?: Duration;
  /** Default 30 s. */
  retryBackoffMax?: Duration;
}

/** Limits of the publisher's backlog monitor. Off by default. */
export interface PublisherBacklogConfig {
  /** Whether `start()` begins to watch the queue of publishes. Default false. */
  enabled?: boolean;
  /** Publishes in flight or waiting; 0 or less: off. Default 10,000. */
  maxQueueDepth?: number;
  /** Average since the last check; 0: off. Default 1 s. */
  maxPublishLatency?: Duration;
  /** Publishes per second; 0 or less, the default: off. */
  rateThreshold?: number;
  /** Default 10 s. */
  checkInterval?: Duration;
}

/** Limits of the subscribers' backlog monitor. Off by default. */
export interface SubscriberBacklogConfig {
  /** Whether `start()` begins to watch the lag of subscriptions. Default false. */
  enabled?: boolean;
  /** Messages behind, per partition; 0: off. Default 10,000. */
  maxLagThreshold?: number;
  /** Age of the oldest unsettled message; 0: off. Default 5 min. */
  maxTimeThreshold?: Duration;
  /** Default 30 s. */
  checkInterval?: Duration;
}

/** A watcher of probes. On the publisher's topic it watches the own ones, on another one another service's. */
export interface HealthWatchConfig {
  /** Default: the publisher's. */
  topic?: string;
  /**
   * The service whose probes count, by its `serviceName`. Default: any on the publisher's topic; on another topic the one
   * whose probe is seen first.
   */
  expectedSource?: string;
  /** How often to count missed probes. Default 30 s. */
  monitorInterval?: Duration;
  /** Between two probes of a foreign service. Default: the publisher's interval. */
  expectedInterval?: Duration;
  /** Missed probes until a warning. Default 3. */
  warningThreshold?: number;
  /** Missed probes until an error. Default 5. */
  errorThreshold?: number;
  /** Missed probes until it is critical. Default 10. */
  criticalThreshold?: number;
}

/** Probes that are sent and watched, and the health report. */
export interface HealthCheckConfig {
  /** Whether `start()` begins to send probes, and to watch those that a subscriber is configured for. Default false. */
  enabled?: boolean;
  publisher?: {
    /** Default `jxt-core-<type>-health-check`. */
    topic?: string;
    /** Between two probes. Default 2 min. */
    interval?: Duration;
    /** For one probe. Default 10 s. */
    timeout?: Duration;
    /** Failures in a row that make it unhealthy. Default 3. */
    failureThreshold?: number;
    /** Older probes are not counted. Default 5 min. */
    messageTTL?: Duration;
  };
  /** Which probes to watch; without it, and without `subscribers`, none are. */
  subscriber?: HealthWatchConfig;
  /** The same for several services, one watcher each. */
  subscribers?: HealthWatchConfig[];
  /** Thresholds of `health.report()`, which works with and without probes. */
  report?: {
    /** An event loop that was blocked for longer, in the last half minute. Default 2 s. */
    maxEventLoopDelay?: Duration;
    /**
     * A consumer whose oldest unsettled message has not moved for so long; some seconds at least, since brokers learn of
     * progress with a delay (Kafka: once a second). Default: as long as all of its attempts and the pauses between them
     * may take, by the subscription's own options.
     */
    stalledAfter?: Duration;
  };
}

/** Settings of every transport. Defaults are in the configuration guide. */
export interface CommonConfig {
  /**
   * Names the service in groups, logs and probes. Default: the adapter's `clientId`. Where neither is given, nor a group of
   * the adapter's, subscriptions to a broker that other services use need a `group`.
   */
  serviceName?: string;
  /** Which of `environments` to apply; plug-ins are told as well. */
  environment?: string;
  /** Parts of the configuration that are merged over the rest in one environment only. */
  environments?: Record<string, ConfigPart | Record<string, TopicOptions>>;
  /** `lazy`: `createEventBus` does not wait for a connection, and goes on trying to make it. Default `eager`. */
  connect?: 'eager' | 'lazy';
  /** How long connecting may take before `createEventBus` rejects. Default 10 s. */
  connectTimeout?: Duration;
  publisher?: {
    /** Attempts to replace a client that gave up; 0, the default: for ever. */
    maxReconnectAttempts?: number;
    /** Before the second of these attempts, doubled for each one after it. Default 1 s. */
    initialBackoff?: Duration;
    /** Default 30 s. */
    maxBackoff?: Duration;
    /** Unacknowledged publishes at once. Default: the adapter's advice, else 10,000. */
    maxInFlight?: number;
    /** Default 10 s. */
    publishTimeout?: Duration;
    backlogDetection?: PublisherBacklogConfig;
    rateLimit?: RateLimitConfig;
    errorHandling?: ErrorHandlingConfig;
  };
  subscriber?: {
    /** Handlers of one `subscribe` running at once. Default 10. */
    maxConcurrency?: number;
    /** How long one attempt to handle a message may take. Default 30 s. */
    processTimeout?: Duration;
    backlogDetection?: SubscriberBacklogConfig;
    rateLimit?: RateLimitConfig;
    errorHandling?: ErrorHandlingConfig;
  };
  keyedWorkerPool?: {
    /** Aggregates of one `subscribeEnvelope` handled at once. Default 256. */
    workerCount?: number;
    /** Messages of one aggregate that may wait here; the receive loop waits beyond it. Default 1000. */
    queueSize?: number;
    /** A receive loop that waited longer than this for room in a lane says so in the log. Default 500 ms. */
    waitTimeout?: Duration;
  };
  healthCheck?: HealthCheckConfig;
  metrics?: {
    /** Default false. */
    enabled?: boolean;
    /** A registered metrics plug-in. Default `prometheus` if registered. */
    type?: string;
    /** Prefix of the metrics' names. Default `ebus`. */
    namespace?: string;
    /**
     * How often gauges that have to be asked for, such as lag, are refreshed, and how often metrics are pushed.
     * Default 30 s.
     */
    collectInterval?: Duration;
    /** Where the plug-in pushes to, if it can: for `prometheus` a Pushgateway. Default: nowhere. */
    exportEndpoint?: string;
  };
  tracing?: {
    /** Default true; without an OpenTelemetry SDK it costs nothing and does nothing. */
    enabled?: boolean;
    /** The share of messages, 0 to 1, that get spans of ebus' own; the context always travels. Default 1. */
    sampleRate?: number;
    /** How handling relates to the producer's span. Default `parent`. */
    consumer?: 'link' | 'parent';
    /**
     * Whether the baggage of a message is active while it is handled, and so travels on with the handler's publishes and
     * requests. Default false: any publisher to the topic may write it. Baggage of your own is published either way.
     */
    baggage?: boolean;
  };
  /** Topics to configure when the bus is created. */
  topics?: Record<string, TopicOptions>;
  /** Default `createOrUpdate`. */
  topicConfigStrategy?: 'skip' | 'createOnly' | 'createOrUpdate' | 'validateOnly';
  /** Default `warn`. */
  onMismatch?: 'warn' | 'fail';
  /**
   * The policy for using a topic that is neither configured nor on the broker. `create`, the default: it is made on
   * first use with the broker's own settings. `refuse`: publishing and subscribing reject with `TOPIC_NOT_FOUND`. Dead-letter
   * topics and topics of probes are made in either case.
   */
  unconfiguredTopics?: 'create' | 'refuse';
}

/** One member of the union for each registered transport: `{ type: 'nats', nats: {…} }`. */
export type EventBusConfig = {
  [Name in keyof Transports]: CommonConfig &
    Partial<Extensions> & { type: Name } & (undefined extends Transports[Name]
      ? { [Key in Name]?: Transports[Key] }
      : { [Key in Name]: Transports[Key] });
}[keyof Transports];

/** The same, with every key optional at every level; lists are replaced as a whole. */
type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]?: DeepPartial<T[Key]> }
    : T;

/** A part of a configuration, for one environment. */
export type ConfigPart = DeepPartial<
  Omit<CommonConfig, 'environment' | 'environments'> & Transports & Extensions & { type: keyof Transports }
>;

/** A part merged over a configuration. */
export type ConfigOverrides = ConfigPart & { environment?: string };
