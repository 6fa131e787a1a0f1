import { expect, it } from 'vitest';
import { connectionCheck, eventLoopCheck, publisherCheck, subscriberCheck, worst } from './report.js';
import type { AlertSeverity, HealthPublisherStatus, HealthSubscriberStats } from './types.js';

it('is as bad as the worst of its checks', () => {
  expect(worst([])).toBe('healthy');
  expect(worst(['healthy', 'degraded'])).toBe('degraded');
  expect(worst(['degraded', 'unhealthy', 'healthy'])).toBe('unhealthy');
});

it('says why a connection is no use', () => {
  for (const status of ['connecting', 'reconnecting', 'failed', 'closed'] as const) {
    expect(connectionCheck(status, undefined, 5_000)).toMatchObject({ status: 'unhealthy' });
    expect(connectionCheck(status, undefined, 5_000).reason).toBeTypeOf('string');
  }
  const ok = { outcome: { ok: true } as const, ms: 1.234 };
  expect(connectionCheck('connected', ok, 5_000)).toEqual({
    name: 'connection',
    status: 'healthy',
    details: { roundTripMs: 1.23 },
  });
  const late = { outcome: { ok: false, timedOut: true, error: new Error('secret') } as const, ms: 5_000 };
  expect(connectionCheck('connected', late, 5_000)).toEqual({
    name: 'connection',
    status: 'unhealthy',
    reason: 'connected, but the broker did not answer within 5000 ms',
  });
  const failed = { outcome: { ok: false, timedOut: false, error: new Error('secret') } as const, ms: 1 };
  expect(connectionCheck('connected', failed, 5_000).reason).not.toContain('secret');
});

it('leaves out what does not run', () => {
  const status: HealthPublisherStatus = {
    healthy: false,
    consecutiveFailures: 4,
    lastSuccessAt: undefined,
    lastFailureAt: undefined,
    running: false,
    eventBusType: 'memory',
    source: 'orders',
  };
  expect(publisherCheck(status)).toBeUndefined();
  expect(publisherCheck({ ...status, running: true })?.status).toBe('unhealthy');
  expect(publisherCheck({ ...status, running: true, healthy: true })?.status).toBe('healthy');
  const stats = { running: false, consecutiveMisses: 4, received: 1 } as HealthSubscriberStats;
  const check = (of: HealthSubscriberStats, severity: AlertSeverity | undefined, watchesOther = false) =>
    subscriberCheck({ name: 'subscriber', topic: 'probes', watchesOther, stats: of, severity });
  expect(check(stats, 'critical')).toBeUndefined();
  const running = { ...stats, running: true };
  expect(check(running, undefined)?.status).toBe('healthy');
  expect(check(running, 'warning')?.status).toBe('degraded');
  expect(check(running, 'error')?.status).toBe('unhealthy');
  for (const severity of ['warning', 'error', 'critical'] as const) {
    expect(check(running, severity, true)).toMatchObject({
      status: 'degraded',
      reason: expect.stringContaining("on 'probes'"),
    });
  }
});

it('tells for how long the event loop was blocked', () => {
  expect(eventLoopCheck(2_000, 2_000).status).toBe('healthy');
  expect(eventLoopCheck(2_001, 2_000)).toMatchObject({
    status: 'unhealthy',
    reason: expect.stringContaining('blocked for 2.001s'),
  });
});
