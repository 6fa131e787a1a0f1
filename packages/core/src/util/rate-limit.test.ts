import { expect, it, vi } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { RateLimit } from './rate-limit.js';
import { TokenBucket } from './token-bucket.js';

function limited(...rates: [perSecond: number, burst: number][]) {
  const clock = new ManualClock();
  const onToken = vi.fn();
  const buckets = rates.map(([perSecond, burst]) => new TokenBucket(perSecond, burst, clock));
  return { clock, onToken, buckets, limit: new RateLimit(clock, buckets, onToken) };
}

it('lets everything pass without a bucket, and sets no timer', () => {
  const { clock, limit } = limited();
  expect([limit.isLimited, limit.tryTake(), limit.tryTake()]).toEqual([false, true, true]);
  expect(clock.pending).toBe(0);
});

it('says when there may be a token, once for any number of refusals', async () => {
  const { clock, limit, onToken } = limited([10, 1]);
  expect([1, 2, 3].map(() => limit.tryTake())).toEqual([true, false, false]);
  expect([limit.isWaiting, clock.pending]).toEqual([true, 1]);
  await clock.advance(99);
  expect(onToken).not.toHaveBeenCalled();
  await clock.advance(1);
  expect(onToken).toHaveBeenCalledTimes(1);
  expect([limit.isWaiting, limit.tryTake()]).toEqual([false, true]);
});

it('takes a token of every bucket or of none', () => {
  const { limit, buckets } = limited([10, 5], [10, 1]);
  expect([limit.tryTake(), limit.tryTake()]).toEqual([true, false]);
  // The refusal took nothing of the fuller one.
  expect([1, 2, 3, 4, 5].map(() => buckets[0]?.tryTake())).toEqual([true, true, true, true, false]);
});

it('forgets what it waited for when the limits change, and when it is stopped', async () => {
  const { clock, limit, onToken } = limited([1, 1]);
  limit.tryTake();
  limit.tryTake();
  limit.setBuckets([]);
  expect([limit.tryTake(), clock.pending]).toEqual([true, 0]);
  limit.setBuckets([new TokenBucket(1, 1, clock)]);
  limit.tryTake();
  limit.tryTake();
  limit.stop();
  await clock.advance(5_000);
  expect(onToken).not.toHaveBeenCalled();
});
