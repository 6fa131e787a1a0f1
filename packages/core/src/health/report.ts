/** The verdicts of the report, from the findings of each check: pure decisions. */
import { formatDuration } from '../duration.js';
import type { Finding } from './consumers.js';
import type { Outcome } from './outcome.js';
import type {
  AlertSeverity,
  EventBusHealth,
  HealthCheckResult,
  HealthPublisherStatus,
  HealthStatus,
  HealthSubscriberStats,
} from './types.js';

const RANKS: readonly HealthStatus[] = ['healthy', 'degraded', 'unhealthy'];

/** Healthy where there is nothing. */
export function worst(statuses: Iterable<HealthStatus>): HealthStatus {
  let rank = 0;
  for (const status of statuses) rank = Math.max(rank, RANKS.indexOf(status));
  return RANKS[rank] as HealthStatus;
}

/** `ping` is undefined without a connection. */
export function connectionCheck(
  status: EventBusHealth['connectionStatus'],
  ping: { readonly outcome: Outcome; readonly ms: number } | undefined,
  timeout: number,
): HealthCheckResult {
  const name = 'connection';
  if (status !== 'connected') return { name, status: 'unhealthy', reason: CONNECTION_REASONS[status] };
  if (ping === undefined) return { name, status: 'healthy' };
  const { outcome, ms } = ping;
  if (outcome.ok) return { name, status: 'healthy', details: { roundTripMs: rounded(ms) } };
  const reason = outcome.timedOut
    ? `connected, but the broker did not answer within ${timeout} ms`
    : 'connected, but the broker cannot be asked';
  return { name, status: 'unhealthy', reason };
}

const CONNECTION_REASONS = {
  connecting: 'not connected yet',
  reconnecting: 'the connection is lost and is being made again',
  failed: 'the connection is lost for good; connection.reconnect() tries again',
  closed: 'the bus is closed',
} as const;

/** Undefined where no probes are sent. */
export function publisherCheck(status: HealthPublisherStatus): HealthCheckResult | undefined {
  if (!status.running) return undefined;
  const { healthy, consecutiveFailures } = status;
  const details = { consecutiveFailures };
  if (healthy) return { name: 'publisher', status: 'healthy', details };
  const reason = `the last ${consecutiveFailures} health probes were not acknowledged`;
  return { name: 'publisher', status: 'unhealthy', reason, details };
}

/** A watcher of probes, as the report sees it. */
export interface Watching {
  readonly name: string;
  readonly topic: string;
  /** The probes are another service's: its silence says nothing about this process. */
  readonly watchesOther: boolean;
  readonly stats: HealthSubscriberStats;
  readonly severity: AlertSeverity | undefined;
}

/** Undefined where it does not run. */
export function subscriberCheck(watching: Watching): HealthCheckResult | undefined {
  const { name, topic, watchesOther, stats, severity } = watching;
  if (!stats.running) return undefined;
  const { consecutiveMisses } = stats;
  const details = { consecutiveMisses, received: stats.received };
  if (severity === undefined) return { name, status: 'healthy', details };
  const status = watchesOther || severity === 'warning' ? 'degraded' : 'unhealthy';
  const where = watchesOther ? ` on '${topic}'` : '';
  const reason = `no health probe has arrived${where} for ${consecutiveMisses} intervals`;
  return { name, status, reason, details };
}

/** @param worstMs the longest that the event loop was held up lately */
export function eventLoopCheck(worstMs: number, maxMs: number): HealthCheckResult {
  const name = 'event-loop';
  const details = { worstDelayMs: rounded(worstMs) };
  if (worstMs <= maxMs) return { name, status: 'healthy', details };
  const reason =
    `the event loop was blocked for ${formatDuration(Math.round(worstMs))}: something computes, or waits ` +
    'synchronously, for too long at once';
  return { name, status: 'unhealthy', reason, details };
}

/** The check of all consumers: as bad as the worst finding. */
export function consumersCheck(
  findings: readonly Finding[],
  figures: { subscriptions: number; inFlight: number; oldestInFlightMs: number },
): HealthCheckResult {
  const name = 'consumers';
  const details = { ...figures };
  if (findings.length === 0) return { name, status: 'healthy', details };
  const reason = findings.map((finding) => finding.reason).join('; ');
  return { name, status: worst(findings.map(({ status }) => status)), reason, details };
}

/** Of the backlog monitors that run; undefined where none does. */
export function backlogCheck(reasons: readonly string[] | undefined): HealthCheckResult | undefined {
  if (reasons === undefined) return undefined;
  const name = 'backlog';
  if (reasons.length === 0) return { name, status: 'healthy' };
  return { name, status: 'degraded', reason: reasons.join('; ') };
}

const rounded = (ms: number) => Math.round(ms * 100) / 100;
