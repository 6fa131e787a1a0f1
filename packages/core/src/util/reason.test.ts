import { expect, it } from 'vitest';
import { lookable, reasonOf } from './reason.js';

const throwing = new Proxy(
  {},
  {
    get: () => {
      throw new Error('not for you');
    },
    getPrototypeOf: () => {
      throw new Error('not for you');
    },
  },
);

it.each([
  [new Error('it broke'), 'it broke'],
  [{ message: '', code: 'ECONNREFUSED' }, 'ECONNREFUSED'],
  ['just text', 'just text'],
  [42, '42'],
])('the reason of %o is %s', (error, expected) => {
  expect(reasonOf(error)).toBe(expected);
});

it('has words for what cannot be looked at', () => {
  expect(reasonOf(throwing)).not.toBe('');
  expect(reasonOf(undefined)).not.toBe('');
});

it('puts another error in place of what cannot be looked at, and leaves everything else', () => {
  const error = new Error('it broke');
  expect(lookable(error)).toBe(error);
  expect(lookable('text')).toBe('text');
  expect(lookable(undefined)).toBeUndefined();
  expect(lookable(throwing)).toBeInstanceOf(Error);
});
