import { expect, it } from 'vitest';
import { isRecord, ownValue } from './records.js';

it.each([
  [{}, true],
  [Object.create(null), true],
  [JSON.parse('{"__proto__": 1}'), true],
  [[], false],
  [new Date(), false],
  [new Map(), false],
  [null, false],
  ['text', false],
])('%o is a plain object: %s', (value, expected) => {
  expect(isRecord(value)).toBe(expected);
});

it('reads own properties and none that are inherited', () => {
  expect(ownValue({ a: 1 }, 'a')).toBe(1);
  expect(ownValue({}, 'constructor')).toBeUndefined();
  expect(ownValue('text', 'length')).toBeUndefined();
  expect(ownValue(undefined, 'a')).toBeUndefined();
});
