import { expect, it } from 'vitest';
import { describeValue } from './describe-value.js';

it.each([
  ['text', '"text"'],
  [5, '5'],
  [undefined, 'undefined'],
  [null, 'null'],
  [() => {}, 'a function'],
  [['secret'], 'a list'],
  [{ password: 'secret' }, 'an object'],
  [new Error('secret'), 'an Error'],
  [new Map([['secret', 1]]), 'a Map'],
])('%o is shown as %s', (value, expected) => {
  expect(describeValue(value)).toBe(expected);
});

it('is short, and says nothing of what is inside', () => {
  expect(describeValue('x'.repeat(10_000)).length).toBeLessThan(100);
  expect(describeValue({ [Symbol.toStringTag]: 'x'.repeat(10_000) }).length).toBeLessThan(100);
  expect(() =>
    describeValue({
      get [Symbol.toStringTag]() {
        return 'Odd';
      },
    }),
  ).not.toThrow();
});
