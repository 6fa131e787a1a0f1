import { expect, it } from 'vitest';
import { messageSize, sizeOf } from './message-size.js';

it('counts value, key and headers, names included', () => {
  const value = new Uint8Array(100);
  expect(messageSize(value, undefined, [])).toBe(100);
  expect(messageSize(value, 'key', [])).toBe(103);
  expect(messageSize(value, new Uint8Array(4), [])).toBe(104);
  expect(
    messageSize(value, undefined, [
      ['name', 'text'],
      ['n', new Uint8Array(1_000)],
    ]),
  ).toBe(100 + 8 + 1_001);
});

it('believes a driver that says the size', () => {
  const message = { value: new Uint8Array(100), key: 'key', headers: [] };
  expect([sizeOf(message), sizeOf({ ...message, size: 7 })]).toEqual([103, 7]);
});
