import { expect, it, vi } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { guardedClock } from './guarded-clock.js';

it('gives what a timer throws to its owner, and is the same clock otherwise', async () => {
  const onError = vi.fn();
  const clock = new ManualClock();
  const guarded = guardedClock(clock, onError);
  const error = new Error('of a plug-in');
  const fired = vi.fn();
  guarded.setTimeout(() => {
    throw error;
  }, 10);
  guarded.setTimeout(fired, 10);
  guarded.clearTimeout(guarded.setTimeout(() => fired('cleared'), 10));
  await clock.advance(10);
  expect(onError.mock.calls).toEqual([[error]]);
  expect(fired.mock.calls).toEqual([[]]);
  expect([guarded.now(), guarded.monotonic()]).toEqual([clock.now(), clock.monotonic()]);
});
