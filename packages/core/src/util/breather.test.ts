import { expect, it } from 'vitest';
import { Breather } from './breather.js';

const spin = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

it('asks for a turn of the event loop after a long stretch, one for all who ask', async () => {
  const breather = new Breather();
  expect(breather.due()).toBeUndefined();
  spin(9);
  const breath = breather.due();
  expect(breath).toBeInstanceOf(Promise);
  expect(breather.due()).toBe(breath);
  expect(breather.pending).toBe(breath);
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  await breath;
  expect(breather.pending).toBeUndefined();
  expect(breather.due()).toBeUndefined();
  await new Promise((resolve) => setImmediate(resolve));
  expect(turned).toBe(true);
});
