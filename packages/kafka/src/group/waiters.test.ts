import { expect, it } from 'vitest';
import { Waiters } from './waiters.js';

it('resolves at once where the condition holds', async () => {
  await expect(new Waiters().until(() => true)).resolves.toBeUndefined();
});

it('looks again at each change, and no more once it held', async () => {
  const waiters = new Waiters();
  let [value, looks] = [0, 0];
  const until = waiters.until(() => {
    looks++;
    return value === 2;
  });
  for (value = 1; value <= 4; value++) waiters.changed();
  await until;
  expect(looks).toBe(3);
});

it('a waiter that begins while others are told is told of the next change', async () => {
  const waiters = new Waiters();
  let [isOpen, inner] = [false, Promise.resolve()];
  const outer = waiters
    .until(() => isOpen)
    .then(() => {
      isOpen = false;
      inner = waiters.until(() => isOpen);
    });
  isOpen = true;
  waiters.changed();
  await outer;
  isOpen = true;
  waiters.changed();
  await expect(inner).resolves.toBeUndefined();
});
