import { describe, expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import type { Attempt } from './attempt.js';
import { Overruns } from './overruns.js';

function running(overlapAfter?: number) {
  const clock = new ManualClock();
  const told: string[] = [];
  const attempt = {
    deadline: 0,
    prev: undefined,
    next: undefined,
    sequence: 0,
    slot: 0,
    timedOut: false,
    overrunning: false,
    abandoned: false,
    delivery: { topic: 'orders' },
    abort: (error: { code: string }) => void told.push(`aborted: ${error.code}`),
  };
  const overruns = new Overruns(
    {
      clock,
      policy: { topic: 'orders', processingTimeout: 5_000, overlapAfter } as never,
      events: { overrunning: () => void told.push('overrunning') } as never,
    },
    () => void told.push('not waited for any more'),
  );
  overruns.watch(attempt as unknown as Attempt);
  const pass = async (ms: number) => {
    told.length = 0;
    await clock.advance(ms);
    return [...told];
  };
  return { attempt: attempt as unknown as Attempt, overruns, pass };
}

describe('a handler that takes longer than it may', () => {
  it('is aborted, then reported, and waited for, as its key may not overlap', async () => {
    const { attempt, overruns, pass } = running();
    expect(await pass(4_999)).toEqual([]);
    expect(await pass(1)).toEqual(['aborted: PROCESSING_TIMEOUT']);
    expect([await pass(999), overruns.count]).toEqual([[], 0]);
    expect([await pass(1), overruns.count, overruns.overlapped]).toEqual([['overrunning'], 1, 0]);
    expect(await pass(3_600_000)).toEqual([]);
    overruns.ended(attempt);
    expect(overruns.count).toBe(0);
  });

  it('is waited for no longer where overlapping is permitted, and still counted', async () => {
    const { attempt, overruns, pass } = running(3_000);
    expect(await pass(6_000)).toEqual(['aborted: PROCESSING_TIMEOUT', 'overrunning']);
    expect(await pass(2_000)).toEqual(['not waited for any more']);
    expect([overruns.count, overruns.overlapped]).toEqual([1, 1]);
    overruns.ended(attempt);
    expect([overruns.count, overruns.overlapped]).toEqual([0, 0]);
  });

  it('is reported as early as overlapping begins', async () => {
    expect(await running(0).pass(5_001)).toEqual([
      'aborted: PROCESSING_TIMEOUT',
      'overrunning',
      'not waited for any more',
    ]);
  });

  it('is forgotten once the subscription has closed', async () => {
    const { overruns, pass } = running();
    overruns.close();
    expect(await pass(60_000)).toEqual([]);
  });
});
