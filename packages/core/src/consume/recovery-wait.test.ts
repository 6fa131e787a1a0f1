import { describe, expect, it } from 'vitest';
import { RecoveryWait } from './recovery-wait.js';

const LEASE_MS = 6_000;
const LATE_MS = 10_000;
const OVERDUE_MS = 20_000;

function begun(missing: number): RecoveryWait {
  const wait = new RecoveryWait(LEASE_MS);
  wait.begin(0, missing);
  return wait;
}

const IN_TIME = { isLate: false, isOverdue: false };
const IS_LATE = { isLate: true, isOverdue: false };

describe('the wait for missing messages', () => {
  /** Looks every second until then; what the last look said. */
  function lookUntil(wait: RecoveryWait, from: number, until: number, missing: number, mayCome = true) {
    for (let now = from; now < until; now += 1_000) wait.look({ now, missing, mayCome });
    return wait.look({ now: until, missing, mayCome });
  }

  it('is late after a lease and a half, and overdue after three', () => {
    const wait = begun(2);
    expect(lookUntil(wait, 0, LATE_MS, 2)).toEqual(IN_TIME);
    expect(lookUntil(wait, LATE_MS, LATE_MS + 1, 2)).toEqual(IS_LATE);
    expect(lookUntil(wait, LATE_MS + 1, OVERDUE_MS + 1, 2)).toEqual({ isLate: true, isOverdue: true });
  });

  it('begins anew with each message that comes: a window that is full takes one at a time', () => {
    const wait = begun(100);
    for (let came = 1; came < 100; came++)
      expect(wait.look({ now: came * 1_000, missing: 100 - came, mayCome: true })).toEqual(IN_TIME);
    expect(lookUntil(wait, 99_000, 99_000 + LATE_MS + 1, 1)).toEqual(IS_LATE);
  });

  it('begins anew once they may come: newer ones had their room, or nothing was fetched', () => {
    const wait = begun(2);
    expect(lookUntil(wait, 0, LATE_MS + 1, 2, false)).toEqual(IS_LATE);
    expect(lookUntil(wait, LATE_MS + 1, LATE_MS + 2, 2)).toEqual(IN_TIME);
    expect(lookUntil(wait, LATE_MS + 2, 2 * LATE_MS + 2, 2)).toEqual(IS_LATE);
  });

  it('begins anew where nobody looked for half a lease: the process slept', () => {
    const wait = begun(2);
    expect(lookUntil(wait, 0, 5_000, 2)).toEqual(IN_TIME);
    expect(wait.look({ now: 5_000 + OVERDUE_MS, missing: 2, mayCome: true })).toEqual(IN_TIME);
  });

  it('is over once it has ended', () => {
    const wait = begun(2);
    wait.end();
    expect(lookUntil(wait, 0, OVERDUE_MS + 1, 0)).toEqual(IN_TIME);
    expect(lookUntil(wait, OVERDUE_MS + 1, 2 * OVERDUE_MS + 2, 0)).toEqual(IN_TIME);
  });
});
