import { expect, it, vi } from 'vitest';
import type { MetricsCollector } from '../metrics/collector.js';
import { ManualClock } from '../testing/manual-clock.js';
import { measured } from './metrics.js';

function measuring(handle: (clock: ManualClock) => void | Promise<void>) {
  const clock = new ManualClock();
  const recordConsume = vi.fn();
  const metrics = { recordConsume } as unknown as MetricsCollector;
  return { clock, recordConsume, run: measured('orders', { metrics, clock }, () => handle(clock)) };
}

it('tells how long an attempt took, and how it ended', async () => {
  const well = measuring((clock) => clock.block(250));
  void well.run(undefined);
  expect(well.recordConsume.mock.calls).toEqual([['orders', true, 0.25]]);
  const later = measuring(async () => {});
  await later.run(undefined);
  expect(later.recordConsume.mock.calls).toEqual([['orders', true, 0]]);
});

it('passes on what an attempt throws or rejects with', async () => {
  const thrown = measuring(() => JSON.parse('no'));
  expect(() => thrown.run(undefined)).toThrow(SyntaxError);
  const rejected = measuring(() => Promise.reject(new RangeError('no')));
  await expect(rejected.run(undefined)).rejects.toThrow(RangeError);
  expect([thrown.recordConsume.mock.calls[0]?.[1], rejected.recordConsume.mock.calls[0]?.[1]]).toEqual([
    false,
    false,
  ]);
});
