/** From missing probes to an alert: pure decisions. */
import type { AlertSeverity, AlertType } from './types.js';

/** Missed probes from which an alert has each severity. */
export interface AlertThresholds {
  readonly warningThreshold: number;
  readonly errorThreshold: number;
  readonly criticalThreshold: number;
}

/** Whole intervals since then; 0 where the clock was set back. */
export function missesOf(sinceMs: number, expectedIntervalMs: number): number {
  return Math.max(0, Math.floor(sinceMs / expectedIntervalMs));
}

/** The severity of so many missed probes; undefined below the lowest threshold. */
export function severityOfMisses(misses: number, thresholds: AlertThresholds): AlertSeverity | undefined {
  if (misses >= thresholds.criticalThreshold) return 'critical';
  if (misses >= thresholds.errorThreshold) return 'error';
  return misses >= thresholds.warningThreshold ? 'warning' : undefined;
}

/** The most likely cause: no connection, probes that come too late, or none at all. */
export function alertTypeOf(connected: boolean, expiredSinceLast: number): AlertType {
  if (!connected) return 'connection_lost';
  return expiredSinceLast > 0 ? 'message_expired' : 'no_messages';
}

const SEVERITIES: readonly AlertSeverity[] = ['warning', 'error', 'critical'];

/** The severities from the one after `before` to `now`, which may be several after a pause between looks. */
export function stepsTo(now: AlertSeverity, before: AlertSeverity | undefined): readonly AlertSeverity[] {
  const done = before === undefined ? 0 : SEVERITIES.indexOf(before) + 1;
  return SEVERITIES.slice(done, SEVERITIES.indexOf(now) + 1);
}
