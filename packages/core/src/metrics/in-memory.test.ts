import { expect, it } from 'vitest';
import { InMemoryMetricsCollector } from './in-memory.js';

it('counts operations by outcome and topic, and sums their latency', () => {
  const metrics = new InMemoryMetricsCollector();
  metrics.recordPublish('orders', true, 0.5);
  metrics.recordPublish('orders', false, 0.25);
  metrics.recordPublishBatch('payments', 10, true, 1);
  metrics.recordConsume('orders', true, 1);
  metrics.recordConsumeBatch('orders', 2, false, 1);
  expect(metrics.get('publish_total')).toBe(12);
  expect(metrics.get('publish_success', 'payments')).toBe(10);
  expect(metrics.get('publish_failed', 'orders')).toBe(1);
  expect(metrics.get('publish_latency', 'orders')).toBe(0.75);
  expect(metrics.get('consume_failed')).toBe(2);
  expect(metrics.get('unheard_of')).toBe(0);
});

it('keeps gauges at their last value, and their total the sum of the labels', () => {
  const metrics = new InMemoryMetricsCollector();
  metrics.recordInFlight('orders', 5);
  metrics.recordInFlight('orders', 2);
  metrics.recordInFlight('payments', 1);
  metrics.recordConnection(true);
  metrics.recordConnection(false);
  metrics.recordPool({ queued: 3, activeKeys: 2 });
  metrics.recordBacklog('orders', 9);
  metrics.recordBacklogState('orders', 2);
  expect(metrics.get('in_flight')).toBe(3);
  expect(metrics.get('in_flight', 'orders')).toBe(2);
  expect(metrics.get('connected')).toBe(0);
  expect([metrics.get('pool_queued'), metrics.get('pool_active_keys')]).toEqual([3, 2]);
  expect([metrics.get('backlog'), metrics.get('backlog_state')]).toEqual([9, 2]);
});
