import { describe, expect, it, vi } from 'vitest';
import type { Attempt } from './attempt.js';
import { timeoutError, tooOften, verdictOf } from './failures.js';
import type { ConsumePolicy } from './policy.js';

const attempt = { message: {}, topic: 'orders', group: 'billing', attempt: 3 } as Attempt;

function asking(onError: ConsumePolicy['onError']) {
  const error = vi.fn();
  const logger = { debug() {}, info() {}, warn() {}, error };
  const policy = { topic: 'orders', group: 'billing', maxRetries: 3, onError } as ConsumePolicy;
  return { error, verdict: () => verdictOf({ policy, logger }, attempt, new Error('no')) };
}

describe('the verdict of onError', () => {
  it('is what it returns, told how many retries are left', () => {
    const onError = vi.fn(() => 'discard' as const);
    expect(asking(onError).verdict()).toBe('discard');
    expect(onError.mock.calls).toMatchObject([
      [{ message: 'no' }, { topic: 'orders', attempt: 3, retriesLeft: 1 }],
    ]);
  });

  it.each([
    ['returns nothing', () => undefined, 0],
    ['returns no action', () => 'whatever', 1],
    ['answers too late', async () => Promise.reject(new Error('late')), 1],
    ['throws', () => JSON.parse('no'), 1],
  ])('is the default where it %s', (_, onError, lines) => {
    const { error, verdict } = asking(onError as never);
    expect(verdict()).toBeUndefined();
    expect(error).toHaveBeenCalledTimes(lines);
  });

  it('is the default where there is none', () => {
    expect(asking(undefined).verdict()).toBeUndefined();
  });
});

it('says of what failed without its handler what the limit was', () => {
  const policy = {
    topic: 'orders',
    group: 'billing',
    maxDeliveries: 5,
    processingTimeout: 200,
  } as ConsumePolicy;
  expect(tooOften(policy, 6)).toMatchObject({
    code: 'PERMANENT',
    message: expect.stringMatching(/6 times, and 5 are/),
  });
  const cause = new Error('late');
  expect(timeoutError(policy, attempt, cause)).toMatchObject({
    code: 'PROCESSING_TIMEOUT',
    retryable: true,
    cause,
    message: expect.stringContaining('within 200 ms'),
  });
});
