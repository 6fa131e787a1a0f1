import { expect, it } from 'vitest';
import { unknownKey } from './known-keys.js';
import { nearest } from './nearest.js';

it('finds what was probably meant, and nothing where nothing is near', () => {
  expect(nearest('groupid', ['groupId', 'topics'])).toBe('groupId');
  expect(nearest('retension', ['retention', 'partitions'])).toBe('retention');
  expect(nearest('x', ['retention', 'partitions'])).toBeUndefined();
});

it('names the first unknown option', () => {
  const known = new Set(['group', 'concurrency']);
  expect(unknownKey({ group: 'a' }, known)).toBeUndefined();
  expect(unknownKey({ groupp: 'a' }, known)).toBe("unknown option 'groupp', did you mean 'group'?");
  expect(unknownKey({ zzzzzz: 'a' }, known)).toBe("unknown option 'zzzzzz'; known are group, concurrency");
});
