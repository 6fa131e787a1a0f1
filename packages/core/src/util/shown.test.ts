import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shown, textOf } from './shown.js';

it('leaves plain text as it is, in any language', () => {
  for (const text of ['', 'orders', 'ordre n° 7', '订单 已付款', '👍 C:\\temp'])
    expect(shown(text)).toBe(text);
});

it('escapes what moves the cursor, breaks the line, turns the direction of writing or hides', () => {
  expect(shown('a\nb\r\tc')).toBe('a\\nb\\r\\tc');
  expect(shown('\u0000\u001b[2J\u007f\u009b31m')).toBe('\\u0000\\u001b[2J\\u007f\\u009b31m');
  expect(shown('\u202eorders\u202c\u2066x\u2069\u200f\u061c')).toBe(
    '\\u202eorders\\u202c\\u2066x\\u2069\\u200f\\u061c',
  );
  expect(shown('a\u2028b\u2029c\u0085d')).toBe('a\\u2028b\\u2029c\\u0085d');
  expect(shown('a\u200bb\ufeffc\u{e0041}')).toBe('a\\u200bb\\ufeffc\\u{e0041}');
});

it('escapes surrogates without their other half, and keeps whole pairs', () => {
  expect(shown('a\ud83d')).toBe('a\\ud83d');
  expect(shown('\ude00b')).toBe('\\ude00b');
  expect(shown('😀')).toBe('😀');
});

it('cuts, and says how much', () => {
  expect(shown('x'.repeat(900_000), 10)).toBe('xxxxxxxxxx… (899990 more characters)');
  expect(shown('x'.repeat(201))).toBe(`${'x'.repeat(200)}… (1 more characters)`);
  expect(shown('ab😀', 3)).toBe('ab… (2 more characters)');
});

it('takes anything for text, and never throws', () => {
  expect(shown(new Error('a\nb'))).toBe('a\\nb');
  expect(shown(undefined)).toBe('undefined');
  expect(shown(Symbol('a'))).toBe('Symbol(a)');
  expect(shown(Object.create(null))).toBe('something that cannot be shown as text');
  const hostile = new Error();
  Object.defineProperty(hostile, 'message', { get: () => 1n, configurable: true });
  expect(textOf(hostile)).toBe('1');
});

it('is bounded, printable and one line for any text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.integer({ min: 1, max: 60 }),
      (text, limit) => {
        const result = shown(text, limit);
        expect(result.length).toBeLessThan(limit + 40);
        expect(result).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      },
    ),
  );
});
