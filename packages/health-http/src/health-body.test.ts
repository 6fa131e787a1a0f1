import { describe, expect, it } from 'vitest';
import { healthBody, lateBody, notReadyReason } from './health-body.js';
import { reportOf, TIME } from './testing/sources.js';

const unknown = {
  connectionStatus: null,
  publishLatency: null,
  subscribeLatency: null,
  lastSuccessTime: null,
  lastFailureTime: null,
  consecutiveFailures: null,
  throughputPerSecond: null,
  messageBacklog: null,
  reconnectCount: null,
  brokerCount: null,
  topicCount: null,
};

describe('healthBody', () => {
  it('has every figure of the event bus, durations in nanoseconds', () => {
    const eventBus = {
      connectionStatus: 'connected',
      publishLatencyMs: 2.25,
      subscribeLatencyMs: 0.0000004,
      lastSuccessAt: new Date('2025-03-01T11:59:00Z'),
      lastFailureAt: new Date('2025-03-01T11:00:00.123Z'),
      consecutiveFailures: 0,
      throughputPerSecond: 12.5,
      messageBacklog: 3,
      reconnectCount: 1,
      brokerCount: 3,
      topicCount: 2,
    } as const;
    expect(healthBody(reportOf({ eventBus }))).toEqual({
      overall: 'healthy',
      infrastructure: {
        eventBus: {
          connectionStatus: 'connected',
          publishLatency: 2_250_000,
          subscribeLatency: 0,
          lastSuccessTime: '2025-03-01T11:59:00.000Z',
          lastFailureTime: '2025-03-01T11:00:00.123Z',
          consecutiveFailures: 0,
          throughputPerSecond: 12.5,
          messageBacklog: 3,
          reconnectCount: 1,
          brokerCount: 3,
          topicCount: 2,
        },
      },
      timestamp: TIME.toISOString(),
      checkDuration: 1_500_000,
      details: { checks: [{ name: 'connection', status: 'healthy', details: { roundTripMs: 0.2 } }] },
    });
  });

  it('has null for what is not known', () => {
    const { eventBus } = healthBody(reportOf()).infrastructure;
    expect(eventBus).toMatchObject({ publishLatency: null, lastSuccessTime: null, brokerCount: null });
    expect(Object.keys(eventBus)).toEqual(Object.keys(unknown));
  });

  it('says why, and shows business checks by name', () => {
    const checks = [
      { name: 'connection', status: 'unhealthy', reason: 'not connected yet' },
      { name: 'event-loop', status: 'healthy', details: { worstDelayMs: 1.5 } },
    ] as const;
    const business = [
      { name: 'stock', status: 'healthy', details: { items: 3 } },
      { name: '__proto__', status: 'unhealthy', reason: 'the check failed' },
    ] as const;
    const body = JSON.parse(JSON.stringify(healthBody(reportOf({ status: 'unhealthy', checks, business }))));
    expect(body.details.checks).toEqual(checks);
    expect(Object.entries(body.business)).toEqual([
      ['stock', { status: 'healthy', metrics: { items: 3 } }],
      ['__proto__', { status: 'unhealthy', message: 'the check failed' }],
    ]);
  });

  it('does not show what a check threw', () => {
    const error = new Error('password=hunter2 at db.internal');
    const business = [{ name: 'db', status: 'unhealthy', reason: 'the check failed', error }] as const;
    const text = JSON.stringify(healthBody(reportOf({ business })));
    expect(text).toContain('the check failed');
    expect(text).not.toMatch(/hunter2|internal|stack/);
  });

  it('survives figures that JSON cannot carry', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const details of [cycle, { count: 1n }]) {
      const body = healthBody(reportOf({ business: [{ name: 'odd', status: 'healthy', details }] }));
      expect(JSON.parse(JSON.stringify(body)).business.odd).toEqual({
        status: 'healthy',
        metrics: { unreadable: 'metrics() returned what JSON cannot carry' },
      });
    }
  });
});

it('lateBody has the same keys, and says that nothing is known', () => {
  expect(lateBody('too late', 6_000.4, TIME)).toEqual({
    overall: 'unhealthy',
    infrastructure: { eventBus: unknown },
    timestamp: TIME.toISOString(),
    checkDuration: 6_000_400_000,
    details: { checks: [{ name: 'report', status: 'unhealthy', reason: 'too late' }] },
  });
});

describe('notReadyReason', () => {
  it('names what is unhealthy, and nothing else', () => {
    const checks = [
      { name: 'connection', status: 'unhealthy', reason: 'not connected yet' },
      { name: 'backlog', status: 'degraded', reason: 'publishers are slow' },
    ] as const;
    const business = [{ name: 'db', status: 'unhealthy', reason: 'the check failed' }] as const;
    expect(notReadyReason(reportOf({ ready: false, checks, business }))).toBe(
      'connection: not connected yet; db: the check failed',
    );
  });

  it('says that the service closes, and has words where there is no reason', () => {
    expect(notReadyReason(reportOf({ ready: false, draining: true }))).toBe('the service is shutting down');
    expect(notReadyReason(reportOf({ ready: false }))).toBe('the service is not ready');
  });
});
