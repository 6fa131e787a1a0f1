import { describe, expect, it } from 'vitest';
import { decideFailure } from './failure.js';

const failure = {
  attempts: 1,
  maxRetries: 3,
  permanent: false,
  verdict: undefined,
  onExhausted: 'dead-letter',
} as const;

describe('decideFailure', () => {
  it('retries while attempts are left', () => {
    expect(decideFailure({ ...failure, attempts: 3 })).toBe('retry');
    expect(decideFailure({ ...failure, attempts: 4 })).toBe('dead-letter');
    expect(decideFailure({ ...failure, maxRetries: 0 })).toBe('dead-letter');
  });

  it('does not retry what is permanent, whatever onError says', () => {
    expect(decideFailure({ ...failure, permanent: true })).toBe('dead-letter');
    expect(decideFailure({ ...failure, permanent: true, verdict: 'retry', onExhausted: 'halt' })).toBe(
      'halt',
    );
  });

  it('obeys any other verdict at once', () => {
    expect(decideFailure({ ...failure, verdict: 'discard' })).toBe('discard');
    expect(decideFailure({ ...failure, verdict: 'halt', permanent: true })).toBe('halt');
    expect(decideFailure({ ...failure, verdict: 'retry', attempts: 4 })).toBe('dead-letter');
  });
});
