import { expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { EventLoopYield } from './event-loop-yield.js';

it('asks for a turn of the event loop after a long stretch, one for all who ask', async () => {
  const clock = new ManualClock();
  const loopYield = new EventLoopYield(clock);
  clock.block(8);
  expect(loopYield.due()).toBeUndefined();
  clock.block(1);
  const turn = loopYield.due();
  expect(turn).toBeInstanceOf(Promise);
  expect(loopYield.due()).toBe(turn);
  expect(loopYield.pending).toBe(turn);
  let turned = false;
  clock.setImmediate(() => {
    turned = true;
  });
  await turn;
  expect(loopYield.pending).toBeUndefined();
  expect(loopYield.due()).toBeUndefined();
  await new Promise<void>((resolve) => clock.setImmediate(resolve));
  expect(turned).toBe(true);
});

it('takes no notice of a wall clock that is set', () => {
  const clock = new ManualClock();
  const loopYield = new EventLoopYield(clock);
  clock.setWall(3_600_000);
  expect(loopYield.due()).toBeUndefined();
  clock.setWall(-7_200_000);
  clock.block(9);
  expect(loopYield.due()).toBeInstanceOf(Promise);
});
