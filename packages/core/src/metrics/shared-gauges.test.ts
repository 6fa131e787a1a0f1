import { expect, it } from 'vitest';
import { InMemoryMetricsCollector } from './in-memory.js';
import { SharedGauges } from './shared-gauges.js';

it('are the sum of what all subscriptions hold, and lose the share of those that end', () => {
  const metrics = new InMemoryMetricsCollector();
  const gauges = new SharedGauges(metrics);
  const billing = gauges.share('orders', true);
  const shipping = gauges.share('orders', true);
  const mails = gauges.share('mails', false);
  billing.set(5, 2, 3);
  shipping.set(7, 4, 1);
  mails.set(9, 9, 9);
  const now = () => ['orders', 'mails'].map((topic) => metrics.get('in_flight', topic));
  const pool = () => [metrics.get('pool_queued'), metrics.get('pool_active_keys')];
  expect([now(), pool()]).toEqual([
    [12, 9],
    [6, 4],
  ]);
  billing.set(1, 0, 1);
  expect([now(), pool()]).toEqual([
    [8, 9],
    [4, 2],
  ]);
  for (const share of [billing, shipping, mails]) share.set(0, 0, 0);
  expect([now(), pool()]).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

it('of keys that stand are told when they change', () => {
  const metrics = new InMemoryMetricsCollector();
  const gauges = new SharedGauges(metrics);
  const [billing, shipping] = [gauges.share('orders', true), gauges.share('orders', true)];
  billing.setStanding(0, 0);
  expect(metrics.all().size).toBe(0);
  billing.setStanding(1, 2);
  shipping.setStanding(3, 0);
  expect([metrics.get('halted', 'orders'), metrics.get('parked_keys', 'orders')]).toEqual([4, 2]);
  for (const share of [billing, shipping]) share.setStanding(0, 0);
  expect([metrics.get('halted', 'orders'), metrics.get('parked_keys', 'orders')]).toEqual([0, 0]);
});
