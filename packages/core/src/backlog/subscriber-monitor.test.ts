import { describe, expect, it } from 'vitest';
import type { PartitionLag } from '../driver/subscription.js';
import { ManualClock } from '../testing/manual-clock.js';
import type { LagReading } from './lag-watch.js';
import { SubscriberMonitor } from './subscriber-monitor.js';
import type { SubscriberBacklogEvent } from './types.js';

function monitoring() {
  const clock = new ManualClock();
  const events: SubscriberBacklogEvent[] = [];
  const severities: string[] = [];
  const identity = {};
  let answer: Partial<LagReading>[] = [];
  const monitor = new SubscriberMonitor({
    clock,
    maxLagThreshold: 100,
    maxTimeThreshold: 60_000,
    checkInterval: 1_000,
    ask: async () =>
      answer.map((reading) => ({
        source: {
          identity,
          topic: 'orders',
          group: 'billing',
          received: 0,
          oldestArrival: undefined,
          held: new Map(),
          lag: async () => [],
        },
        at: clock.now(),
        readAt: clock.monotonic(),
        partitions: undefined,
        ...reading,
      })),
    onEvent: (event) => events.push(event),
    onLook: (_, severity) => severities.push(severity),
  });
  const look = async (...partitions: PartitionLag[]) => {
    answer = [{ partitions }];
    const before = events.length;
    await clock.advance(1_000);
    return events.slice(before);
  };
  return { clock, events, severities, monitor, look, fail: (error: unknown) => (answer = [{ error }]) };
}

describe('the subscriber monitor', () => {
  it('is backlogged when one partition is more behind than the limit, and says once that it no longer is', async () => {
    const { monitor, look, severities, clock } = monitoring();
    await monitor.start();
    expect(await look({ partition: 0, lag: 0 })).toEqual([]);
    expect(await look({ partition: 0, lag: 60 }, { partition: 1, lag: 100 })).toEqual([]);
    const partitions = [
      { partition: 0, lag: 60 },
      { partition: 1, lag: 101 },
    ];
    expect(await look(...partitions)).toEqual([
      {
        hasBacklog: true,
        lagCount: 161,
        lagTimeMs: 0,
        topic: 'orders',
        consumerGroup: 'billing',
        partitions,
        timestamp: new Date(clock.now()),
      },
    ]);
    expect(await look(...partitions)).toHaveLength(1);
    expect(monitor.states()).toMatchObject([{ hasBacklog: true, lagCount: 161 }]);
    expect(await look({ partition: 0, lag: 100 })).toMatchObject([{ hasBacklog: false, lagCount: 100 }]);
    expect(await look({ partition: 0, lag: 100 })).toEqual([]);
    expect(severities).toEqual(['NORMAL', ...Array(5).fill('CRITICAL')]);
  });

  it('is backlogged when the oldest message is too old; without a lag nothing is', async () => {
    const { monitor, look, clock } = monitoring();
    await monitor.start();
    const oldestTimestamp = clock.now();
    await clock.advance(59_000);
    expect(await look({ partition: 0, lag: 1, oldestTimestamp })).toEqual([]);
    expect(await look({ partition: 0, lag: 1, oldestTimestamp })).toMatchObject([
      { hasBacklog: true, lagTimeMs: 61_000 },
    ]);
    expect(await look({ partition: 0, lag: 0, oldestTimestamp })).toMatchObject([
      { hasBacklog: false, lagTimeMs: 0 },
    ]);
  });

  it('says that it could not ask, on each look, and never that there is nothing', async () => {
    const { monitor, look, fail, events, clock } = monitoring();
    await monitor.start();
    await look({ partition: 0, lag: 500 });
    const error = new Error('away');
    fail(error);
    await clock.advance(2_000);
    expect(events.slice(1)).toEqual([
      { topic: 'orders', consumerGroup: 'billing', timestamp: new Date(clock.now() - 1_000), error },
      { topic: 'orders', consumerGroup: 'billing', timestamp: new Date(clock.now()), error },
    ]);
    expect(monitor.states()).toMatchObject([{ error }]);
    // It still was backlogged before that: its end is told.
    expect(await look({ partition: 0, lag: 0 })).toMatchObject([{ hasBacklog: false }]);
  });

  it('can be stopped and started again', async () => {
    const { monitor, look, clock } = monitoring();
    await monitor.start();
    expect(monitor.running).toBe(true);
    await look({ partition: 0, lag: 500 });
    await monitor.stop();
    expect([monitor.running, clock.pending]).toEqual([false, 0]);
    expect(monitor.states()).toEqual([]);
    expect(await look({ partition: 0, lag: 500 })).toEqual([]);
    await monitor.start();
    expect(await look({ partition: 0, lag: 500 })).toHaveLength(1);
  });
});
