/** A health report as the JSON of `/health`. */
import type { BusinessCheckResult, EventBusHealth, HealthReport, HealthStatus } from '@ebus/core';

/**
 * The keys, units and formats of the event bus that came before, in Go. Durations are whole nanoseconds, as Go writes
 * them; times RFC 3339 in UTC. Figures that are not known are null: every key of `eventBus` is always there.
 */
export interface HealthBody {
  readonly overall: HealthStatus;
  readonly infrastructure: { readonly eventBus: EventBusBody };
  /** Left out where the application has registered no checks. */
  readonly business?: Readonly<Record<string, BusinessBody>>;
  readonly timestamp: string;
  /** Nanoseconds. */
  readonly checkDuration: number;
  readonly details: { readonly checks: readonly CheckBody[] };
}

/** `infrastructure.eventBus`: the connection, latencies and counters of the bus. */
export interface EventBusBody {
  /** Null where the checks did not answer in time. */
  readonly connectionStatus: EventBusHealth['connectionStatus'] | null;
  /** Nanoseconds. */
  readonly publishLatency: number | null;
  /** Nanoseconds. */
  readonly subscribeLatency: number | null;
  readonly lastSuccessTime: string | null;
  readonly lastFailureTime: string | null;
  readonly consecutiveFailures: number | null;
  readonly throughputPerSecond: number | null;
  readonly messageBacklog: number | null;
  readonly reconnectCount: number | null;
  readonly brokerCount: number | null;
  readonly topicCount: number | null;
}

/** One check of the application. `message` is the reason where it is not healthy. */
export interface BusinessBody {
  readonly status: HealthStatus;
  readonly message?: string;
  readonly metrics?: Readonly<Record<string, unknown>>;
}

/** One check of the bus itself. */
export interface CheckBody {
  readonly name: string;
  readonly status: HealthStatus;
  readonly reason?: string;
  /** The figures behind it; milliseconds where a name ends in Ms. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const NS_PER_MS = 1e6;

/** Maps a report to the body of `/health`. Metrics of business checks that JSON cannot carry are replaced by a note. */
export function healthBody(report: HealthReport): HealthBody {
  const { status, eventBus, checks, business, timestamp, durationMs } = report;
  return {
    overall: status,
    infrastructure: { eventBus: eventBusBody(eventBus) },
    ...(business.length === 0
      ? {}
      : { business: Object.fromEntries(business.map((check) => [check.name, businessBody(check)])) }),
    timestamp: timestamp.toISOString(),
    checkDuration: nanoseconds(durationMs),
    details: {
      checks: checks.map(({ name, status: found, reason, details }) => ({
        name,
        status: found,
        ...(reason === undefined ? {} : { reason }),
        ...(details === undefined ? {} : { details }),
      })),
    },
  };
}

/** For a report that did not come in time. */
export function lateBody(reason: string, waitedMs: number, now: Date): HealthBody {
  return {
    overall: 'unhealthy',
    infrastructure: { eventBus: eventBusBody({}) },
    timestamp: now.toISOString(),
    checkDuration: nanoseconds(waitedMs),
    details: { checks: [{ name: 'report', status: 'unhealthy', reason }] },
  };
}

/** Why a report is not ready, in words for anybody. */
export function notReadyReason({ draining, checks, business }: HealthReport): string {
  if (draining) return 'the service is shutting down';
  const reasons = [...checks, ...business]
    .filter(({ status }) => status === 'unhealthy')
    .map(({ name, reason = 'unhealthy' }) => `${name}: ${reason}`);
  return reasons.length === 0 ? 'the service is not ready' : reasons.join('; ');
}

function eventBusBody(known: Partial<EventBusHealth>): EventBusBody {
  return {
    connectionStatus: known.connectionStatus ?? null,
    publishLatency: known.publishLatencyMs === undefined ? null : nanoseconds(known.publishLatencyMs),
    subscribeLatency: known.subscribeLatencyMs === undefined ? null : nanoseconds(known.subscribeLatencyMs),
    lastSuccessTime: known.lastSuccessAt?.toISOString() ?? null,
    lastFailureTime: known.lastFailureAt?.toISOString() ?? null,
    consecutiveFailures: known.consecutiveFailures ?? null,
    throughputPerSecond: known.throughputPerSecond ?? null,
    messageBacklog: known.messageBacklog ?? null,
    reconnectCount: known.reconnectCount ?? null,
    brokerCount: known.brokerCount ?? null,
    topicCount: known.topicCount ?? null,
  };
}

/** Without what was thrown: that is for the log, where core writes it. */
function businessBody({ status, reason, details }: BusinessCheckResult): BusinessBody {
  return {
    status,
    ...(reason === undefined ? {} : { message: reason }),
    ...(details === undefined ? {} : { metrics: writable(details) }),
  };
}

/** Figures that JSON cannot carry (a cycle, a bigint) must not take the whole answer down. */
function writable(metrics: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    JSON.stringify(metrics);
    return metrics;
  } catch {
    return { unreadable: 'metrics() returned what JSON cannot carry' };
  }
}

const nanoseconds = (ms: number) => Math.round(ms * NS_PER_MS);
