import { expect, it } from 'vitest';
import { isRedriveHeader, isReservedHeader, refuseReservedHeader } from './reserved-headers.js';

it.each([
  ['X-Redrive-Group', true],
  ['x-redrive-group', true],
  ['X-Consumer-Group', true],
  ['X-Attempts', true],
  ['X-Original-Topic', true],
  ['X-Error-Message', true],
  ['X-Ebus-Anything', true],
  ['Nats-Msg-Id', true],
  ['NATS-Rollup', true],
  ['X-Request-ID', false],
  ['X-Attempts-Left', false],
  ['nat', false],
  ['original', false],
  ['', false],
])('%s is reserved: %s', (name, expected) => {
  expect(isReservedHeader(name)).toBe(expected);
  if (expected) expect(() => refuseReservedHeader(name)).toThrow(/reserved/);
  else expect(() => refuseReservedHeader(name)).not.toThrow();
});

it.each([
  ['X-Redrive-Group', true],
  ['x-REDRIVE-group', true],
  ['X-Event-Version', false],
  ['X-Redrive-Grou', false],
  ['X-Redrive_Group', false],
])('%s names the group of a redriven message: %s', (name, expected) => {
  expect(isRedriveHeader(name)).toBe(expected);
});
