/** The options of a relay: what they are, their defaults, and their checks. */
import type { EventBus, Logger } from '@ebus/core';
import {
  type BackoffOptions,
  type Clock,
  ConfigError,
  checkOptions,
  type Duration,
  defaultLogger,
  kinds,
  optionTable,
  parseDuration,
  systemClock,
} from '@ebus/core/driver';
import type { OutboxStore } from '../store.js';

/** The bus as a relay uses it. */
export type RelayBus = Pick<EventBus, 'publishEnvelope' | 'connection' | 'health' | 'on'>;

/** Options of an `OutboxRelay`. Only `bus` and `store` are required; unknown keys are refused with a `ConfigError`. */
export interface OutboxRelayOptions {
  /** Publishes the events. The relay does not close it. */
  bus: RelayBus;
  /** Holds the events. */
  store: OutboxStore<never>;
  /** How many events one query leases. A relay holds at most twice as many. Default 100. */
  batchSize?: number;
  /** How long an idle relay waits before it looks again, unless it is woken. Default 5 s. */
  pollInterval?: Duration;
  /**
   * How often an event is tried again that the broker refuses for good, before it is `failed`. Failures that may pass by
   * themselves do not count, and are tried for ever. Default 5.
   */
  maxRetries?: number;
  /** How many aggregates are published at once; each of them one event after the other. Default 256. */
  concurrency?: number;
  /**
   * How long published events stay in the outbox. Default 7 days. `false`: for ever, or until something else deletes
   * them.
   */
  retention?: Duration | false;
  /** How long an event is this relay's, unless renewed; renewed after a third of it. Default 30 s. */
  lease?: Duration;
  /** Pauses before an event is tried again. Default: from 1 s, doubled, up to 30 s, at random below that. */
  retryBackoff?: { base?: Duration; max?: Duration };
  /** The check that the relay adds to the bus' health report. `false`: none. */
  health?: false | HealthOptions;
  /** Whether each publish gets a `relay` span in the trace of its event. Default true; without an OpenTelemetry SDK it does nothing. */
  tracing?: boolean;
  /** Default: silent below `warn`, to the console. */
  logger?: Logger;
  clock?: Clock;
}

/** The health check of a relay. Two relays on one bus need different names. */
export interface HealthOptions {
  /** Default `outbox`. */
  name?: string;
  /** From this age of the oldest event that waits on, the check fails. Default 5 minutes. */
  maxAge?: Duration;
}

const RETRY_BACKOFF = optionTable<NonNullable<OutboxRelayOptions['retryBackoff']>>({
  base: kinds.duration,
  max: kinds.duration,
});

const HEALTH = optionTable<HealthOptions>({ name: kinds.filledText, maxAge: kinds.positiveDuration });

const OPTIONS = optionTable<OutboxRelayOptions>({
  bus: kinds.withMethods('an event bus', 'publishEnvelope', 'on'),
  store: kinds.withMethods(
    'an outbox store',
    'claim',
    'renew',
    'markPublished',
    'recordError',
    'release',
    'stats',
  ),
  batchSize: kinds.positiveInteger,
  pollInterval: kinds.positiveDuration,
  maxRetries: kinds.count,
  concurrency: kinds.positiveInteger,
  retention: kinds.or(
    kinds.kind('false', (value) => value === false),
    kinds.positiveDuration,
  ),
  lease: kinds.positiveDuration,
  retryBackoff: kinds.nested(RETRY_BACKOFF),
  health: kinds.nested(HEALTH),
  tracing: kinds.flag,
  logger: kinds.withMethods('a logger', 'debug', 'info', 'warn', 'error'),
  clock: kinds.clock,
});

/** Durations in milliseconds. */
export interface RelaySettings {
  readonly bus: RelayBus;
  readonly store: OutboxStore<never>;
  readonly batchSize: number;
  readonly pollInterval: number;
  readonly maxRetries: number;
  readonly concurrency: number;
  readonly retention: number | undefined;
  readonly lease: number;
  readonly backoff: BackoffOptions;
  readonly health: { readonly name: string; readonly maxAge: number } | undefined;
  readonly tracing: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** @throws ConfigError for the first option that is unknown, missing or of another kind */
export function settingsOf(options: OutboxRelayOptions): RelaySettings {
  // Switched off, it has no options of its own.
  const { health: wanted } = options ?? {};
  checkOptions('OutboxRelay', wanted === false ? { ...options, health: undefined } : options, OPTIONS);
  if (options?.bus === undefined || options.store === undefined) {
    throw new ConfigError('OutboxRelay needs { bus, store }');
  }
  const { bus, store, retention = '7d', health = {}, retryBackoff = {} } = options;
  return {
    bus,
    store,
    batchSize: options.batchSize ?? 100,
    pollInterval: parseDuration(options.pollInterval ?? '5s'),
    maxRetries: options.maxRetries ?? 5,
    concurrency: options.concurrency ?? 256,
    retention: retention === false ? undefined : parseDuration(retention),
    lease: parseDuration(options.lease ?? '30s'),
    backoff: {
      base: parseDuration(retryBackoff.base ?? '1s'),
      max: parseDuration(retryBackoff.max ?? '30s'),
    },
    health:
      health === false
        ? undefined
        : { name: health.name ?? 'outbox', maxAge: parseDuration(health.maxAge ?? '5m') },
    tracing: options.tracing ?? true,
    logger: options.logger ?? defaultLogger,
    clock: options.clock ?? systemClock,
  };
}
