import { expect, it } from 'vitest';
import { pinStep } from './pin-step.js';

it.each([
  ['nobody has it', { pin: undefined }, 'take'],
  ['it is its own, of before an interruption', { pin: 'mine' }, 'unpin'],
  ['it is its own', { pin: 'mine', isInUse: true, isAssigned: true }, 'take'],
  ['another member has it', { pin: 'other', isClaimed: true }, 'wait'],
  ['another member got it meanwhile', { pin: 'other', isClaimed: true, isAssigned: true }, 'let go'],
  ['it is new, and may be its own', { pin: 'new', isAssigned: true }, 'wait'],
  ['nobody has claimed it for a moment', { pin: 'other', unclaimedMs: 1_000 }, 'wait'],
  ['its member is gone', { pin: 'other', unclaimedMs: 3_000 }, 'unpin'],
] as const)('%s', (_, state, step) => {
  expect(
    pinStep({ own: 'mine', isInUse: false, isClaimed: false, unclaimedMs: 0, isAssigned: false, ...state }),
  ).toBe(step);
});
