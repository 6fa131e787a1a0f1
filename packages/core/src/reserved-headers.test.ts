import { expect, it } from 'vitest';
import { isReservedHeader, refuseReservedHeader } from './reserved-headers.js';

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
