import { describe, expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { PublisherMonitor, type PublisherMonitorOptions } from './publisher-monitor.js';
import type { PublisherBacklogState } from './types.js';

function monitoring(options: Partial<PublisherMonitorOptions> = {}) {
  const clock = new ManualClock();
  const totals = { queueDepth: 0, ended: 0, latencyMs: 0 };
  const events: PublisherBacklogState[] = [];
  const measured: boolean[] = [];
  let looks = 0;
  const monitor = new PublisherMonitor({
    clock,
    maxQueueDepth: 100,
    maxPublishLatency: 1_000,
    rateThreshold: 0,
    checkInterval: 10_000,
    measure: (on) => measured.push(on),
    totals: () => ({ ...totals }),
    onState: (state) => events.push(state),
    onLook: () => looks++,
    ...options,
  });
  return { clock, totals, events, measured, monitor, looks: () => looks };
}

describe('the publisher monitor', () => {
  it('says depth, rate and latency since the last look', async () => {
    const { clock, totals, monitor, events, looks } = monitoring();
    totals.ended = 5_000;
    totals.latencyMs = 1_000_000;
    await monitor.start();
    expect(monitor.state()).toBeUndefined();
    Object.assign(totals, { queueDepth: 10, ended: 5_200, latencyMs: 1_010_000 });
    await clock.advance(10_000);
    expect(monitor.state()).toEqual({
      hasBacklog: false,
      queueDepth: 10,
      publishRate: 20,
      avgPublishLatencyMs: 50,
      backlogRatio: 0.1,
      severity: 'NORMAL',
      timestamp: new Date(clock.now()),
    });
    await clock.advance(10_000);
    expect(monitor.state()).toMatchObject({ publishRate: 0, avgPublishLatencyMs: 0 });
    expect([events.length, looks()]).toEqual([0, 2]);
  });

  it('is backlogged strictly above a limit, and says so on each look and each change of severity', async () => {
    const { clock, totals, monitor, events } = monitoring();
    await monitor.start();
    const look = async (queueDepth: number) => {
      totals.queueDepth = queueDepth;
      const before = events.length;
      await clock.advance(10_000);
      return events.slice(before).map(({ severity, hasBacklog }) => `${severity} ${hasBacklog}`);
    };
    expect(await look(29)).toEqual([]);
    expect(await look(30)).toEqual(['LOW false']);
    expect(await look(40)).toEqual([]);
    expect(await look(100)).toEqual(['CRITICAL false']);
    expect(await look(101)).toEqual(['CRITICAL true']);
    expect(await look(101)).toEqual(['CRITICAL true']);
    expect(await look(0)).toEqual(['NORMAL false']);
    expect(await look(0)).toEqual([]);
  });

  it('takes the largest of three, those that are on', async () => {
    const { clock, totals, monitor } = monitoring({ maxQueueDepth: 0, rateThreshold: 50 });
    await monitor.start();
    Object.assign(totals, { queueDepth: 1e6, ended: 510, latencyMs: 510 * 300 });
    await clock.advance(10_000);
    expect(monitor.state()).toMatchObject({ hasBacklog: true, backlogRatio: 1, publishRate: 51 });
    Object.assign(totals, { ended: 520, latencyMs: 510 * 300 + 10 * 400 });
    await clock.advance(10_000);
    expect(monitor.state()).toMatchObject({ hasBacklog: false, backlogRatio: 0.4, severity: 'LOW' });
  });

  it('has publishes measured only while it runs, and begins afresh', async () => {
    const { clock, totals, monitor, measured } = monitoring();
    totals.queueDepth = 1_000;
    await monitor.start();
    await monitor.start();
    await clock.advance(10_000);
    await monitor.stop();
    expect(measured).toEqual([true, false]);
    expect([monitor.running, clock.pending]).toEqual([false, 0]);
    await monitor.start();
    expect(monitor.state()).toBeUndefined();
    expect(measured).toEqual([true, false, true]);
  });
});
