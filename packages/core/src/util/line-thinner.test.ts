import { expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { BURST, LineThinner, WINDOW_MS } from './line-thinner.js';

function thinning() {
  const clock = new ManualClock();
  const thinner = new LineThinner(clock);
  const told: [string, number][] = [];
  const line = (name: string) => thinner.admits(name, (held) => told.push([name, held]));
  const lines = (name: string, count: number) =>
    Array.from({ length: count }, () => line(name)).filter((isWritten) => isWritten).length;
  return { clock, thinner, told, line, lines };
}

it('writes a burst of each kind, and counts the rest', async () => {
  const { clock, told, lines } = thinning();
  expect([lines('a', BURST + 30), lines('b', 3)]).toEqual([BURST, 3]);
  expect(told).toEqual([]);
  await clock.advance(WINDOW_MS);
  expect(told).toEqual([['a', 30]]);
  expect(clock.pending).toBe(0);
});

it('writes one line of each window while the flood goes on, and a burst once it has ended', async () => {
  const { clock, lines } = thinning();
  lines('a', BURST + 1);
  await clock.advance(WINDOW_MS);
  expect(lines('a', 100)).toBe(1);
  await clock.advance(3 * WINDOW_MS);
  expect(lines('a', 100)).toBe(BURST);
});

it('tells what it held when it is flushed, and keeps no timer', () => {
  const { clock, thinner, told, lines } = thinning();
  lines('a', BURST + 2);
  thinner.flush();
  expect(told).toEqual([['a', 2]]);
  expect(clock.pending).toBe(0);
});

it('remembers a bounded number of kinds, and tells the count of one that it forgets', () => {
  const { told, line, lines } = thinning();
  lines('first', BURST + 5);
  for (let i = 0; i < 500; i++) line(`kind ${i}`);
  expect(told).toEqual([['first', 5]]);
  expect(line('first')).toBe(true);
});
