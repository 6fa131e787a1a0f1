/** What tests share: reports, and buses that give them. */
import type { HealthReport, MetricsExposition } from '@ebus/core';
import type { HealthSource } from '../endpoints.js';

export const TIME = new Date('2025-03-01T12:00:00.000Z');

export function reportOf(changes: Partial<HealthReport> = {}): HealthReport {
  return {
    status: 'healthy',
    ready: true,
    draining: false,
    timestamp: TIME,
    durationMs: 1.5,
    eventBus: {
      connectionStatus: 'connected',
      consecutiveFailures: 0,
      throughputPerSecond: 12.5,
      messageBacklog: 3,
      reconnectCount: 1,
      topicCount: 2,
    },
    checks: [{ name: 'connection', status: 'healthy', details: { roundTripMs: 0.2 } }],
    business: [],
    ...changes,
  };
}

export function sourceOf(
  report: () => HealthReport | Promise<HealthReport>,
  metrics?: () => MetricsExposition | Promise<MetricsExposition>,
): HealthSource {
  return {
    health: { report: async () => report() },
    exposeMetrics: async () => metrics?.(),
  };
}

export const hangs = () => new Promise<never>(() => {});

/** A logger that keeps what it is told at `warn` and above. */
export function keptLogger() {
  const logged: unknown[][] = [];
  const keep = (...args: unknown[]) => void logged.push(args);
  return { logged, logger: { debug() {}, info() {}, warn: keep, error: keep } };
}
