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

describe('the wait for missing messages', () => {
  it('is late after a lease and a half, and overdue after three', () => {
    const wait = begun(2);
    expect(wait.look(LATE_MS, 2)).toEqual({ isLate: false, isOverdue: false });
    expect(wait.look(LATE_MS + 1, 2)).toEqual({ isLate: true, isOverdue: false });
    expect(wait.look(OVERDUE_MS + 1, 2)).toEqual({ isLate: true, isOverdue: true });
  });

  it('begins anew with each message that comes: a window that is full takes one at a time', () => {
    const wait = begun(100);
    for (let came = 1; came < 100; came++)
      expect(wait.look(came * 1_000, 100 - came)).toEqual({ isLate: false, isOverdue: false });
    expect(wait.look(99_000 + LATE_MS + 1, 1)).toEqual({ isLate: true, isOverdue: false });
  });

  it('is over once it has ended', () => {
    const wait = begun(2);
    wait.end();
    expect(wait.look(OVERDUE_MS + 1, 0)).toEqual({ isLate: false, isOverdue: false });
    expect(wait.look(2 * OVERDUE_MS + 2, 0)).toEqual({ isLate: false, isOverdue: false });
  });
});
