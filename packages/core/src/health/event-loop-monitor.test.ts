import { expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { EventLoopMonitor } from './event-loop-monitor.js';

it('knows of a hold-up before its timer had a turn, and remembers it for a while', async () => {
  const clock = new ManualClock();
  let ticks = 0;
  const monitor = new EventLoopMonitor(clock, () => ticks++);
  expect(monitor.worstMs()).toBe(0);
  monitor.start();
  monitor.start();
  clock.setWall(3_600_000);
  clock.block(1_200);
  expect([monitor.worstMs(), ticks]).toEqual([700, 0]);
  await clock.advance(0);
  expect([monitor.worstMs(), ticks]).toEqual([700, 1]);
  await clock.advance(15_000);
  expect(monitor.worstMs()).toBe(700);
  await clock.advance(20_000);
  expect(monitor.worstMs()).toBe(0);
  monitor.stop();
  expect(monitor.running).toBe(false);
  expect(clock.pending).toBe(0);
});
