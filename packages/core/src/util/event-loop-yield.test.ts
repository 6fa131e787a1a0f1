import { expect, it } from 'vitest';
import { EventLoopYield } from './event-loop-yield.js';

const spin = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

it('asks for a turn of the event loop after a long stretch, one for all who ask', async () => {
  const loopYield = new EventLoopYield();
  expect(loopYield.due()).toBeUndefined();
  spin(9);
  const turn = loopYield.due();
  expect(turn).toBeInstanceOf(Promise);
  expect(loopYield.due()).toBe(turn);
  expect(loopYield.pending).toBe(turn);
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  await turn;
  expect(loopYield.pending).toBeUndefined();
  expect(loopYield.due()).toBeUndefined();
  await new Promise((resolve) => setImmediate(resolve));
  expect(turned).toBe(true);
});
