import { EbusError, systemClock } from '@ebus/core';
import { expect, it } from 'vitest';
import { keptLogger } from '../testing/sources.js';
import { Jobs, type Work } from './jobs.js';

let now = 0;
const clock = { ...systemClock, monotonic: () => now };
const work = (run: Work['run'], limitMs = 60_000): Work => {
  return { action: 'redrive', topic: 'orders', about: 'all letters', limitMs, run };
};
const untilAborted: Work['run'] = (signal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

it('tells progress, outcomes and failures', async () => {
  let changes = 0;
  const jobs = new Jobs(clock, keptLogger().logger, () => void changes++);
  const first = jobs.begin(
    work(async (_, told) => {
      told({ redriven: 1, total: 2 });
      return '2 redriven';
    }),
  );
  await first?.ended;
  const known = new EbusError('the broker is away', { code: 'CONNECTION_FAILED' });
  await jobs.begin(work(() => Promise.reject(known)))?.ended;
  await jobs.begin(work(() => Promise.reject(new Error('hunter2'))))?.ended;
  expect(jobs.all.map(({ state, outcome }) => [state, outcome])).toEqual([
    ['failed', expect.not.stringContaining('hunter2')],
    ['failed', 'the broker is away'],
    ['done', '2 redriven'],
  ]);
  expect(jobs.find(first?.id ?? '')?.progress).toEqual({ redriven: 1, total: 2 });
  expect(changes).toBe(4);
});

it('runs a few at once, and ends them when it closes', async () => {
  const jobs = new Jobs(clock, keptLogger().logger, () => {});
  const waits = work(untilAborted);
  const begun = Array.from({ length: 5 }, () => jobs.begin(waits));
  expect(begun.map((job) => job === undefined)).toEqual([false, false, false, false, true]);
  jobs.close();
  await Promise.all(begun.map((job) => job?.ended));
  expect(jobs.all.every(({ state }) => state === 'failed')).toBe(true);
});

it('begins so many a second, and keeps the last ones', async () => {
  const jobs = new Jobs(clock, keptLogger().logger, () => {});
  const quick = work(() => Promise.resolve('done'));
  let begun = 0;
  for (let i = 0; i < 50; i++) {
    const job = jobs.begin(quick);
    if (job !== undefined) begun++;
    await job?.ended;
  }
  expect(begun).toBe(20);
  now += 1_000;
  expect(jobs.begin(quick)).toBeDefined();
  expect(jobs.begin(quick)).toBeDefined();
  expect(jobs.begin(quick)).toBeUndefined();
  expect(jobs.all).toHaveLength(20);
});

it('keeps those that run, however many come after them', async () => {
  const jobs = new Jobs(clock, keptLogger().logger, () => {});
  jobs.begin({ ...work(untilAborted), about: 'long' });
  for (let i = 0; i < 30; i++) {
    now += 1_000;
    await jobs.begin(work(() => Promise.resolve('done')))?.ended;
  }
  expect(jobs.all.filter(({ state }) => state === 'running')).toMatchObject([{ about: 'long' }]);
  expect(jobs.all).toHaveLength(21);
  jobs.close();
});

it('ends what takes too long', async () => {
  const jobs = new Jobs(clock, keptLogger().logger, () => {});
  await jobs.begin(work(untilAborted, 5))?.ended;
  expect(jobs.all[0]).toMatchObject({ state: 'failed', outcome: expect.stringContaining('not done within') });
});
