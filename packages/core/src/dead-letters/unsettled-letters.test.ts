import { expect, it } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import { UnsettledLetters } from './unsettled-letters.js';

const letter = (token: number) =>
  ({ token, position: { offset: token }, value: new Uint8Array(1_000) }) as unknown as IncomingMessage;

it('keeps those that stay without their contents, before those that come after them', () => {
  const [settled, stays, gone, next] = [letter(1), letter(2), letter(3), letter(4)];
  const letters = new UnsettledLetters();
  for (const one of [settled, stays, gone, next]) letters.add(one);
  expect([letters.delete(settled), letters.delete(settled), letters.has(settled)]).toEqual([
    true,
    false,
    false,
  ]);
  for (const one of [settled, stays, gone]) letters.keep(one);
  expect([...letters]).toEqual([
    { token: 2, position: { offset: 2 } },
    { token: 3, position: { offset: 3 } },
    next,
  ]);
  letters.drop(({ token }) => token === 3);
  expect([[...letters].map(({ token }) => token), letters.size]).toEqual([[2, 4], 2]);
  letters.drop(() => true);
  expect(letters.size).toBe(0);
});
