import { expect, it, vi } from 'vitest';
import type { MetricsCollector } from './collector.js';
import { guarded } from './guarded.js';

const quiet = { debug() {}, info() {}, warn() {} };

it('hands everything on, and keeps what throws or rejects from the bus, telling it once', async () => {
  const error = vi.fn();
  const recordPublish = vi.fn();
  const collector = {
    recordPublish,
    recordError: () => JSON.parse('no'),
    recordRetry: () => Promise.reject(new Error('later')),
  } as unknown as MetricsCollector;
  const safe = guarded(collector, { ...quiet, error });
  safe.recordPublish('orders', true, 0.5);
  safe.recordError('X', 'orders');
  safe.recordError('X', 'orders');
  safe.recordRetry('orders');
  safe.recordDeadLetter('orders');
  await new Promise((resolve) => setImmediate(resolve));
  expect(recordPublish.mock.calls).toEqual([['orders', true, 0.5]]);
  expect(error.mock.calls).toMatchObject([[{ method: 'recordError' }, /incomplete/]]);
});

it('has just what the collector has besides, and closes it without throwing', async () => {
  const error = vi.fn();
  const plain = guarded({} as MetricsCollector, { ...quiet, error });
  expect([plain.expose, plain.close]).toEqual([undefined, undefined]);
  const full = guarded({ expose: async () => 'figures', close: () => JSON.parse('no') } as never, {
    ...quiet,
    error,
  });
  await expect(full.expose?.()).resolves.toBe('figures');
  await full.close?.();
  expect(error).toHaveBeenCalledTimes(1);
});
