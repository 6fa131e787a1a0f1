/** The public shapes of health. */

/** `degraded`: it works, but needs attention. `unhealthy`: it does not do its work. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** One thing that was looked at. */
export interface HealthCheckResult {
  /**
   * `connection`, `publisher`, `subscriber`, `event-loop`, `consumers`, `backlog`, or the name of a business check. Where
   * several services are watched, `subscriber <topic>`, and `subscriber <topic> (<service>)` with an expected source.
   */
  readonly name: string;
  readonly status: HealthStatus;
  /** The problem, in words that may be shown publicly; set unless it is healthy. */
  readonly reason?: string;
  /** The figures behind it, as plain JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A check of the application's own. */
export interface BusinessCheck {
  /** Unique on this bus. */
  readonly name: string;
  /** Throwing or rejecting means unhealthy. `signal` aborts when the result is no longer awaited (after 5 s). */
  check(signal: AbortSignal): void | Promise<void>;
  /** Figures to show with it, as plain JSON. */
  metrics?(): Readonly<Record<string, unknown>>;
}

/** The outcome of one check of the application. */
export interface BusinessCheckResult extends HealthCheckResult {
  /** The thrown error; not for strangers. */
  readonly error?: unknown;
}

/** The bus's own figures; those not measured are left out. */
export interface EventBusHealth {
  readonly connectionStatus: 'connecting' | 'connected' | 'reconnecting' | 'failed' | 'closed';
  /** Milliseconds from publishing the last successful probe to the broker's acknowledgement. */
  readonly publishLatencyMs?: number;
  /** Milliseconds from the moment that the newest probe was made to its arrival here. */
  readonly subscribeLatencyMs?: number;
  /** Of the health publisher. */
  readonly lastSuccessAt?: Date;
  readonly lastFailureAt?: Date;
  /** Failed probes in a row. */
  readonly consecutiveFailures: number;
  /** Messages published and handled per second, since the report before this one. */
  readonly throughputPerSecond: number;
  /** Unacknowledged publishes and unsettled messages in this process. */
  readonly messageBacklog: number;
  readonly reconnectCount: number;
  /** How many brokers the client knows of, where it says so. */
  readonly brokerCount?: number;
  /** Topics that are configured here. */
  readonly topicCount: number;
}

/** The state of the bus and of the application's checks at one moment. */
export interface HealthReport {
  /** The worst of all checks. */
  readonly status: HealthStatus;
  /** Whether the service may be given work: not while it is unhealthy, and not once it closes. */
  readonly ready: boolean;
  /** True once `close()` was called. */
  readonly draining: boolean;
  readonly timestamp: Date;
  readonly durationMs: number;
  readonly eventBus: EventBusHealth;
  readonly checks: readonly HealthCheckResult[];
  readonly business: readonly BusinessCheckResult[];
}

/** What became of one probe. */
export interface HealthCheckEvent {
  readonly healthy: boolean;
  readonly topic: string;
  readonly durationMs: number;
  readonly consecutiveFailures: number;
  readonly timestamp: Date;
  readonly error?: unknown;
}

/** The publisher of probes at this moment. */
export interface HealthPublisherStatus {
  /** Fewer than `failureThreshold` probes in a row failed. */
  readonly healthy: boolean;
  readonly consecutiveFailures: number;
  readonly lastSuccessAt: Date | undefined;
  readonly lastFailureAt: Date | undefined;
  readonly running: boolean;
  readonly eventBusType: string;
  readonly source: string;
}

/** Sends probes: one at once, then one every `healthCheck.publisher.interval`. */
export interface HealthPublisher {
  /** Begins to send; resolves at once, before the outcome of the first probe. Idempotent. */
  start(): Promise<void>;
  /** Sends no more; resolves when no probe is under way. May be started again. */
  stop(): Promise<void>;
  status(): HealthPublisherStatus;
}

/** The kind of an alert. */
export type AlertType = 'no_messages' | 'connection_lost' | 'message_expired';
/** How bad an alert is. */
export type AlertSeverity = 'warning' | 'error' | 'critical';

/** Probes are missing, or (`recovered`) come again. */
export interface HealthAlert {
  readonly alertType: AlertType;
  readonly severity: AlertSeverity | 'recovered';
  /** Who says so: this service. */
  readonly source: string;
  readonly eventBusType: string;
  readonly topic: string;
  readonly lastMessageAt: Date | undefined;
  /** Since the last message, or since the start where there was none. */
  readonly sinceLastMessageMs: number;
  readonly expectedIntervalMs: number;
  /** Whole intervals without a probe. */
  readonly consecutiveMisses: number;
  readonly timestamp: Date;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Why a probe does not count. `malformed`: not a probe. `foreign`: of another type of bus, or of another service than the
 * one that is watched. `expired`: older than `messageTTL`. `future`: more than a minute ahead of this machine's clock.
 */
export type ProbeRejection = 'malformed' | 'foreign' | 'expired' | 'future';

/** A watcher of probes in figures, since it was started. */
export interface HealthSubscriberStats {
  readonly running: boolean;
  readonly startedAt: Date | undefined;
  readonly lastMessageAt: Date | undefined;
  /** Probes that counted, since the start. */
  readonly received: number;
  /** Those that did not. */
  readonly rejected: Readonly<Record<ProbeRejection, number>>;
  /** Of the newest probe that counted: the service that sent it. */
  readonly lastSource: string | undefined;
  readonly consecutiveMisses: number;
  readonly alerts: number;
  readonly lastAlertAt: Date | undefined;
  /** No alert stands. */
  readonly healthy: boolean;
  readonly uptimeSeconds: number;
}

/** Watches the probes on a topic, and alerts when they stay away. */
export interface HealthSubscriber {
  readonly topic: string;
  /** The service whose probes count, where that was configured. */
  readonly expectedSource: string | undefined;
  /** Resolves when it is subscribed, or goes on trying to in the background. Idempotent. */
  start(): Promise<void>;
  /** Leaves the topic. May be started again: figures begin anew. */
  stop(): Promise<void>;
  stats(): HealthSubscriberStats;
}

/** `bus.health`: probes, checks and the report. */
export interface Health {
  readonly publisher: HealthPublisher;
  /** The first of `subscribers`; where none is configured, one for the publisher's topic that only `start()` starts. */
  readonly subscriber: HealthSubscriber;
  /** One for `healthCheck.subscriber`, then one for each of `healthCheck.subscribers`. */
  readonly subscribers: readonly HealthSubscriber[];
  /**
   * Adds a check of the application's own to the report; the function returned removes it.
   * @throws ConfigError for a name that is taken
   */
  register(check: BusinessCheck): () => void;
  /**
   * Runs all checks now: a round trip to the broker, the business checks. A check without an answer within
   * 5 s is reported as unhealthy. Reports asked for at the same time share one look.
   * @throws EbusError `ABORTED` when the signal aborts, and for nothing else
   */
  report(options?: { signal?: AbortSignal }): Promise<HealthReport>;
}
