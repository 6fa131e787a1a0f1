import { expect, test } from 'vitest';
import { soakBroker } from './brokers.js';
import { judge } from './judge.js';
import { soak } from './soak.js';

// It collects garbage for each sample, which takes long on a busy machine.
test('a short run loses nothing, fails and dead-letters, and has guests and samples to judge', {
  timeout: 60_000,
}, async () => {
  await using broker = await soakBroker('memory');
  const told: number[] = [];
  const { samples, load, guests } = await soak(broker, {
    minutes: 1.5 / 60,
    intervalMs: 200,
    onSample: ({ events }) => told.push(events),
  });
  expect(told).toEqual(samples.map(({ events }) => events));
  expect(judge(samples).map(({ measure }) => measure)).toEqual(['heap after GC', 'heap and external', 'RSS']);
  // Events that fail for good are dead letters, and all others were handled.
  expect(load.deadLettered).toBeGreaterThan(0);
  expect(load.failures).toBeGreaterThan(3 * load.deadLettered);
  expect(load.handled.steady + load.handled.guests + load.deadLettered).toBe(load.published);
  expect(load.aggregates).toBeGreaterThanOrEqual(500);
  expect(guests).toBe(Math.floor(samples.length / 2));
  expect(load.handled.guests).toBeGreaterThan(0);
});
