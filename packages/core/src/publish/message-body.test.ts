import { expect, it } from 'vitest';
import { bytesOf } from './message-body.js';

it('takes bytes as they are, and makes them of text and objects', () => {
  const bytes = new Uint8Array([1, 2]);
  expect(bytesOf('orders', bytes)).toBe(bytes);
  const text = (message: unknown) => Buffer.from(bytesOf('orders', message)).toString();
  expect(text('grüße')).toBe('grüße');
  expect(text('')).toBe('');
  expect(text({ total: 5 })).toBe('{"total":5}');
});

it.each([
  [null, /expected bytes, text or an object, got null/],
  [5, /got number/],
  [undefined, /got undefined/],
  ['half a pair \ud800', /surrogate/],
  [{ total: Number.NaN }, /message\.total/],
  [{ aggregateId: 'a', eventType: 'E', eventVersion: 1, payload: {} }, /use publishEnvelope/],
])('refuses %o, and says why', (message, why) => {
  expect(() => bytesOf('orders', message)).toThrow(why);
  expect(() => bytesOf('orders', message)).toThrow(/orders/);
});
