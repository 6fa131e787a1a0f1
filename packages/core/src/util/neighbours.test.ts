import { expect, it } from 'vitest';
import { neighbourOf } from './neighbours.js';

const subscribeOptions = new Set(['group', 'from', 'concurrency', 'processingTimeout', 'signal']);

it.each([
  ['groupId', 'group'],
  ['consumer-group', 'group'],
  ['startFrom', 'from'],
  ['workers', 'concurrency'],
  ['timeout', 'processingTimeout'],
  // There is none of it here.
  ['headers', undefined],
  ['whatever', undefined],
  ['constructor', undefined],
  // The method has it under that name.
  ['signal', undefined],
])('%s is called %s', (key, expected) => {
  expect(neighbourOf(key, subscribeOptions)).toBe(expected);
});
