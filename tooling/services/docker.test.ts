import { expect, it } from 'vitest';
import { isOlder } from './docker.mjs';

it.each([
  ['2.23.0', true],
  ['v2.9.9', true],
  ['1.29.2', true],
  ['2.23.1', false],
  ['v2.23.1', false],
  ['2.40.3-desktop.1', false],
  ['5.0.0', false],
])('knows whether %s is older than 2.23.1: %s', (version, older) => {
  expect(isOlder(version, '2.23.1')).toBe(older);
});
