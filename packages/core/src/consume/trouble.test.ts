import { expect, it } from 'vitest';
import { InMemoryMetricsCollector } from '../metrics/in-memory.js';
import { ManualClock } from '../testing/manual-clock.js';
import type { ConsumerParts } from './consumer-parts.js';
import type { Delivery } from './delivery.js';
import type { Dispatcher } from './dispatcher.js';
import { Trouble } from './trouble.js';

function made() {
  const clock = new ManualClock();
  const metrics = new InMemoryMetricsCollector();
  const lines: [level: string, fields: Record<string, unknown>, text: string][] = [];
  const log = (level: string) => (fields: unknown, text?: string) =>
    void lines.push([level, fields as Record<string, unknown>, text ?? '']);
  const failures: unknown[][] = [];
  const parts = {
    policy: { topic: 'orders', group: 'billing', queuePerKey: 100 },
    events: { failed: (...failure: unknown[]) => void failures.push(failure) },
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    ...{ clock, metrics },
  } as unknown as ConsumerParts;
  return { trouble: new Trouble(parts), clock, metrics, lines, failures };
}

const skipped = (group: string) =>
  ({
    incoming: { key: 'order-1', position: undefined, headers: [['X-Redrive-Group', Buffer.from(group)]] },
  }) as unknown as Delivery;

it('failures are told as events, and counted by what failed', () => {
  const { trouble, metrics, failures } = made();
  trouble.fetchFailed(new Error('no route'));
  trouble.settleFailed(new Error('late'), 3);
  trouble.ended();
  expect(failures.map(([what]) => what)).toEqual(['receive', 'settle', 'receive']);
  expect(failures[2]?.[1]).toMatchObject({ code: 'SUBSCRIBE_FAILED' });
  expect([metrics.get('errors', 'receive'), metrics.get('errors', 'settle')]).toEqual([2, 1]);
  expect(metrics.get('errors_by_topic', 'orders')).toBe(3);
});

it('leases that are lost are logged with how many', () => {
  const { trouble, metrics, lines } = made();
  trouble.renewFailed(new Error('no answer'));
  trouble.leasesLost(7);
  expect(lines.map(([level]) => level)).toEqual(['error', 'warn']);
  expect(lines[1]?.[1]).toEqual({ topic: 'orders', group: 'billing', count: 7 });
  expect(metrics.get('errors', 'lease')).toBe(2);
});

it('a stall names the aggregate that it waits for, where it waits for one', () => {
  const { trouble, lines } = made();
  const dispatcher = { longest: 3, longestKey: () => 'order-1' } as Dispatcher;
  trouble.stalled(1_000, 50, dispatcher);
  expect(lines[0]).toEqual([
    'info',
    { topic: 'orders', group: 'billing', ms: 1_000, inFlight: 50 },
    'fetching waits for room in the window',
  ]);
  trouble.stalled(1_000, 50, { ...dispatcher, longest: 100 } as Dispatcher);
  expect(lines[1]?.[0]).toBe('warn');
  expect(lines[1]?.[1]).toMatchObject({ key: 'order-1', waiting: 100 });
});

it('a redrive of many is told once a minute, with how many it was so far', async () => {
  const { trouble, clock, metrics, lines } = made();
  for (let i = 0; i < 1_000; i++) trouble.skippedOne(skipped('shipping'));
  await clock.advance(60_000);
  trouble.skippedOne(skipped('shipping'));
  expect(lines.map(([, { skipped: count }]) => count)).toEqual([1, 1_001]);
  expect([trouble.skipped, metrics.get('skipped', 'orders')]).toEqual([1_001, 1_001]);
});
