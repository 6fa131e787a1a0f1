import { expect, it } from 'vitest';
import { ConfigError } from '../errors.js';
import { asPublishError } from './publish-error.js';

it('tells wrong arguments from parts that broke, and leaves errors of ebus as they are', () => {
  const [wrong, broken] = [new TypeError('no headers'), new Error('the codec broke')];
  expect(asPublishError('orders', wrong)).toMatchObject({ code: 'INVALID_ARGUMENT', cause: wrong });
  expect(asPublishError('orders', broken)).toMatchObject({
    code: 'INTERNAL',
    cause: broken,
    message: "cannot publish to 'orders': the codec broke",
  });
  const own = new ConfigError('no');
  expect(asPublishError('orders', own)).toBe(own);
});
