import { expect, it } from 'vitest';
import type { ConsumePolicy } from './policy.js';
import { stallTimeoutOf } from './stall-timeout.js';

const policy = (maxRetries: number, processingTimeout = 1_000) =>
  ({ maxRetries, processingTimeout, backoff: { base: 100, max: 400 } }) as ConsumePolicy;

it('is the time of all attempts and of the longest pauses between them, and some more', () => {
  expect(stallTimeoutOf(policy(0))).toBe(6_000);
  expect(stallTimeoutOf(policy(3))).toBe(6_000 + 3 * 1_000 + 100 + 200 + 400);
});

it('is an hour at most, however many retries there are', () => {
  expect(stallTimeoutOf(policy(Number.POSITIVE_INFINITY))).toBe(3_600_000);
  expect(stallTimeoutOf(policy(0, 7_200_000))).toBe(3_600_000);
});
