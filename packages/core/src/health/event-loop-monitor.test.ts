import { expect, it } from 'vitest';
import { EventLoopMonitor } from './event-loop-monitor.js';

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it('knows of a hold-up before its timer had a turn, and remembers it afterwards', async () => {
  let ticks = 0;
  const monitor = new EventLoopMonitor(() => ticks++);
  expect(monitor.worstMs()).toBe(0);
  monitor.start();
  monitor.start();
  block(1_200);
  expect(monitor.worstMs()).toBeGreaterThanOrEqual(400);
  while (ticks === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(monitor.worstMs()).toBeGreaterThanOrEqual(400);
  monitor.stop();
  expect(monitor.running).toBe(false);
  expect(monitor.worstMs()).toBe(0);
});
