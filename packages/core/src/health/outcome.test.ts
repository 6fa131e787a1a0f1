import { expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { outcomeWithin } from './outcome.js';

it('tells work that went well from work that failed', async () => {
  const clock = new ManualClock();
  await expect(outcomeWithin(clock, 100, async () => 'fine')).resolves.toEqual({ ok: true });
  const error = new Error('no');
  await expect(outcomeWithin(clock, 100, () => Promise.reject(error))).resolves.toEqual({
    ok: false,
    timedOut: false,
    error,
  });
  expect(clock.pending).toBe(0);
});

it('aborts work that does not answer in time, and ignores what comes later', async () => {
  const clock = new ManualClock();
  let signal: AbortSignal | undefined;
  const outcome = outcomeWithin(clock, 100, (given) => {
    signal = given;
    return new Promise((_, reject) => given.addEventListener('abort', () => reject(new Error('too late'))));
  });
  await clock.advance(100);
  await expect(outcome).resolves.toMatchObject({
    ok: false,
    timedOut: true,
    error: { message: 'no answer within 100 ms' },
  });
  expect(signal?.aborted).toBe(true);
});
