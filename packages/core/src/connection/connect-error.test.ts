import { expect, it } from 'vitest';
import type { ErrorClass } from '../driver/driver.js';
import { mayHelp } from './connect-error.js';

it.each<[ErrorClass, atFirst: boolean, later: boolean]>([
  [{ code: 'CONNECTION_FAILED', retryable: true }, true, true],
  [{ code: 'UNAUTHORIZED', retryable: false }, false, true],
  [{ code: 'CONFIG_INVALID', retryable: false }, false, false],
  [{ code: 'UNSUPPORTED', retryable: false }, false, false],
])('%j: worth trying again at first: %s, and after a first success: %s', (error, atFirst, later) => {
  expect([mayHelp(error, false), mayHelp(error, true)]).toEqual([atFirst, later]);
});
