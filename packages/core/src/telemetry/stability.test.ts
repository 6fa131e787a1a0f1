import { expect, it } from 'vitest';
import { keepsFormerNames } from './stability.js';

it.each([
  [undefined, true],
  ['', true],
  ['http/dup,database', true],
  ['messaging', false],
  [' http , Messaging ', false],
  ['messaging/dup', true],
  ['messaging,messaging/dup', true],
])('%s: %s', (optIn, kept) => {
  expect(keepsFormerNames(optIn)).toBe(kept);
});
