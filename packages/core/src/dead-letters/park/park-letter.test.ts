import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../testing/manual-clock.js';
import type { DeadLetter } from '../dead-letter.js';
import { untilParked } from './park-letter.js';

const mine = { originalPosition: '2:7', originalTopic: 'orders', group: 'billing', errorMessage: 'no key' };

function waiting() {
  const clock = new ManualClock();
  const abort = new AbortController();
  let letters: Partial<DeadLetter>[] = [];
  let looks = 0;
  const outcome = untilParked({
    topic: 'orders',
    group: 'billing',
    position: { partition: 2, offset: 7 },
    clock,
    signal: abort.signal,
    letters: async () => {
      looks++;
      return letters as DeadLetter[];
    },
  }).then(
    () => 'parked',
    (error: Error) => error,
  );
  const come = (...now: Partial<DeadLetter>[]) => {
    letters = now;
    return clock.advance(2_000);
  };
  return { clock, abort, outcome, come, looks: () => looks };
}

describe('waiting for a key to be parked', () => {
  it('ends once its letter is one of a parked key', async () => {
    const { outcome, come } = waiting();
    await come(
      { ...mine, group: 'audit', parkedKey: 'a' },
      { ...mine, originalPosition: '2:8', parkedKey: 'a' },
    );
    await come({ ...mine, parkedKey: 'order-1' });
    expect(await outcome).toBe('parked');
  });

  it('says why where the message is a dead letter again', async () => {
    const { outcome, come } = waiting();
    await come(mine);
    expect(await outcome).toMatchObject({ code: 'UNSUPPORTED', message: "group 'billing': no key" });
  });

  it('looks ever less often, and ends with its signal', async () => {
    const { clock, abort, outcome, looks } = waiting();
    await clock.advance(60_000);
    expect(looks()).toBeLessThan(45);
    abort.abort();
    await clock.advance(0);
    expect(await outcome).toMatchObject({ code: 'ABORTED', message: expect.stringContaining("'orders'") });
  });
});
