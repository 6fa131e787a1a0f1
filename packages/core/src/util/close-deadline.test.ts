import { expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { CloseDeadline } from './close-deadline.js';

it('tells how much time is left, and never less than asked', async () => {
  const clock = new ManualClock();
  const deadline = new CloseDeadline(clock, 1_000);
  await clock.advance(400);
  expect([deadline.left(), deadline.left(700)]).toEqual([600, 700]);
  await clock.advance(1_000);
  expect([deadline.left(), deadline.left(50), deadline.passed.aborted]).toEqual([0, 50, false]);
  expect(clock.pending).toBe(0);
});

it('is brought forward by an earlier one, and by no later one', async () => {
  const clock = new ManualClock();
  const deadline = new CloseDeadline(clock, 1_000);
  deadline.bringForward(2_000);
  expect(deadline.left()).toBe(1_000);
  deadline.bringForward(500);
  deadline.bringForward(300);
  expect([deadline.left(), clock.pending]).toEqual([300, 1]);
  await clock.advance(299);
  expect(deadline.passed.aborted).toBe(false);
  await clock.advance(1);
  expect(deadline.passed.aborted).toBe(true);
});

it('passes at once where no time is left, and leaves no timer behind', () => {
  const clock = new ManualClock();
  const deadline = new CloseDeadline(clock, 1_000);
  deadline.bringForward(500);
  deadline.bringForward(0);
  expect([deadline.passed.aborted, clock.pending]).toEqual([true, 0]);
  const other = new CloseDeadline(clock, 1_000);
  other.bringForward(500);
  other.end();
  expect(clock.pending).toBe(0);
});
