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

export interface RateLimitConfig {
  /** Default false. */
  enabled?: boolean;
  /** Default 1000. */
  ratePerSecond?: number;
  /** Default 100. */
  burstSize?: number;
}

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

export interface CommonConfig {
  /** Names the service in groups, logs and probes. Default `ebus`. */
  serviceName?: string;
  environment?: string;
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
    /** Unacknowledged publishes at once. Default: what the adapter advises, else 10,000. */
    maxInFlight?: number;
    /** Default 10 s. */
    publishTimeout?: Duration;
    rateLimit?: RateLimitConfig;
    errorHandling?: ErrorHandlingConfig;
  };
  subscriber?: {
    /** Handlers of one `subscribe` running at once. Default 10. */
    maxConcurrency?: number;
    /** How long one attempt to handle a message may take. Default 30 s. */
    processTimeout?: Duration;
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
  metrics?: {
    /** Default false. */
    enabled?: boolean;
    /** A registered metrics plug-in. Default `prometheus` if registered. */
    type?: string;
    /** Prefix of the metrics' names. Default `ebus`. */
    namespace?: string;
  };
  tracing?: {
    /** Default true; without an OpenTelemetry SDK it costs nothing and does nothing. */
    enabled?: boolean;
    /** The share of messages, 0 to 1, that get spans of ebus' own; the context always travels. Default 1. */
    sampleRate?: number;
    /** How handling relates to the producer's span. Default `parent`. */
    consumer?: 'link' | 'parent';
  };
  /** Topics to configure when the bus is created. */
  topics?: Record<string, TopicOptions>;
  /** Default `createOrUpdate`. */
  topicConfigStrategy?: 'skip' | 'createOnly' | 'createOrUpdate' | 'validateOnly';
  /** Default `warn`. */
  onMismatch?: 'warn' | 'fail';
}

/** One member of the union for each registered transport: `{ type: 'nats', nats: {…} }`. */
export type EventBusConfig = {
  [Name in keyof Transports]: CommonConfig &
    Partial<Extensions> & { type: Name } & (undefined extends Transports[Name]
      ? { [Key in Name]?: Transports[Key] }
      : { [Key in Name]: Transports[Key] });
}[keyof Transports];
