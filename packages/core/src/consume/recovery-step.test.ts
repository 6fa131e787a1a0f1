import { describe, expect, it } from 'vitest';
import { countToCome, type RecoveryState, recoveryStep } from './recovery-step.js';

const NONE = { missing: 0, doubtful: 0, forgotten: 0 };
/** One message has been missing for longer than a lease, within one instance. */
const LATE: RecoveryState = {
  ...{ phase: 'collecting', elsewhere: { ...NONE, missing: 1 }, ordering: 'instance', others: false },
  ...{
    isBehind: false,
    isLate: true,
    isOverdue: false,
    isOverfull: false,
    stands: false,
    hasHandedBack: false,
  },
};
const OVERDUE: RecoveryState = { ...LATE, isOverdue: true };
const WAITING: RecoveryState = { ...LATE, isLate: false };
const ASKING: RecoveryState = { ...WAITING, phase: 'asking' };

describe('the next step of a recovery', () => {
  it.each<[string, RecoveryState, string]>([
    ['nothing is missing', { ...ASKING, elsewhere: NONE }, 'open'],
    ['all have come meanwhile', { ...WAITING, phase: 'open' }, 'open'],
    ['members that are at work hold them', { ...ASKING, others: true }, 'open'],
    ['the same, and order holds across members', { ...ASKING, others: true, ordering: 'cluster' }, 'look'],
    ['messages are missing', ASKING, 'look'],
    ['messages may be missing', { ...ASKING, elsewhere: { ...NONE, doubtful: 1 } }, 'look'],
    ['the broker has forgotten some', { ...ASKING, elsewhere: { ...NONE, forgotten: 1 } }, 'look'],
    ['it is known which are missing', WAITING, 'wait'],
    ['the broker can say now which are missing', { ...WAITING, isBehind: true }, 'look'],
    [
      'the broker cannot say yet which are missing',
      { ...WAITING, isBehind: true, elsewhere: { ...NONE, forgotten: 1 } },
      'wait',
    ],
    ['doubtful ones have not come in time', { ...LATE, elsewhere: { ...NONE, doubtful: 1 } }, 'open'],
    [
      'the same, and another member may hold some, and wait for these',
      { ...LATE, ordering: 'cluster', elsewhere: { ...NONE, doubtful: 1 } },
      'hand back',
    ],
    [
      'it had these as well by then',
      { ...LATE, ordering: 'cluster', elsewhere: { ...NONE, doubtful: 1 }, hasHandedBack: true },
      'open',
    ],
    [
      'doubtful ones had no room to come in',
      { ...LATE, elsewhere: { ...NONE, doubtful: 1 }, isOverfull: true },
      'hand back',
    ],
    [
      'doubtful ones had room since all were handed back',
      {
        ...{ ...LATE, elsewhere: { ...NONE, doubtful: 1 } },
        ...{ isOverfull: true, hasHandedBack: true },
      },
      'open',
    ],
    [
      'doubtful ones could not come, as nothing was fetched',
      { ...OVERDUE, elsewhere: { ...NONE, doubtful: 1 }, stands: true },
      'wait',
    ],
    ['nothing is fetched', { ...OVERDUE, stands: true }, 'wait'],
    ['another member waits for these, perhaps', { ...LATE, ordering: 'cluster' }, 'hand back'],
    [
      'it did, and does again',
      { ...LATE, ordering: 'cluster', hasHandedBack: true, others: true },
      'hand back',
    ],
    ['newer ones have taken their room', { ...LATE, isOverfull: true }, 'hand back'],
    ['newer ones have taken it again', { ...OVERDUE, isOverfull: true, hasHandedBack: true }, 'give up'],
    ['they have not come in time, and the broker may be under load', LATE, 'wait'],
    ['they have not come in any time', OVERDUE, 'give up'],
    ['forgotten ones have not come', { ...OVERDUE, elsewhere: { ...NONE, forgotten: 1 } }, 'give up'],
  ])('where %s', (_, state, step) => {
    expect(recoveryStep(state)).toBe(step);
  });
});

describe('how many deliveries have to come at most', () => {
  it.each([
    ['as many as are missing', { ...NONE, missing: 2 }, false, 2],
    ['the doubtful ones too, where they can be told', { missing: 1, doubtful: 1, forgotten: 0 }, true, 2],
    ['the forgotten ones too', { missing: 2, doubtful: 0, forgotten: 3 }, false, 5],
    ['all forgotten ones, whatever was settled late', { missing: -2, doubtful: 0, forgotten: 3 }, false, 3],
    ['none, where only doubtful ones cannot be told', { ...NONE, doubtful: 1 }, false, undefined],
    [
      'none, where they can be told and more were settled',
      { missing: -2, doubtful: 1, forgotten: 0 },
      true,
      0,
    ],
  ])('%s', (_, elsewhere, isTold, count) => {
    expect(countToCome(elsewhere, isTold)).toBe(count);
  });
});
