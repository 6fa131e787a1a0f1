import { expect, it } from 'vitest';
import { bodyOf } from './message-body.js';

it('takes bytes as they are, and makes them of text and objects', () => {
  const bytes = new Uint8Array([1, 2]);
  expect(bodyOf('orders', bytes)).toEqual({ value: bytes, owned: false });
  const text = (message: unknown) => {
    const { value, owned } = bodyOf('orders', message);
    return [Buffer.from(value).toString(), owned];
  };
  expect(text('grüße')).toEqual(['grüße', true]);
  expect(text('')).toEqual(['', true]);
  expect(text({ total: 5 })).toEqual(['{"total":5}', true]);
});

it.each([
  [null, /expected bytes, text or an object, got null/],
  [5, /got number/],
  [undefined, /got undefined/],
  ['half a pair \ud800', /surrogate/],
  [{ total: Number.NaN }, /message\.total/],
  [{ aggregateId: 'a', eventType: 'E', eventVersion: 1, payload: {} }, /use publishEnvelope/],
])('refuses %o, and says why', (message, why) => {
  expect(() => bodyOf('orders', message)).toThrow(why);
  expect(() => bodyOf('orders', message)).toThrow(/orders/);
});
