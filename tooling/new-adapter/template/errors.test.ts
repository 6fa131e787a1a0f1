import { PublishError } from '@ebus/core/driver';
import { expect, it } from 'vitest';
import { AcmeError } from './client.js';
import { cannotConnect, classify } from './errors.js';

it.each([
  [new AcmeError('DISCONNECTED', 'gone'), 'CONNECTION_FAILED', true],
  [new AcmeError('LOG_FULL', 'full'), 'PUBLISH_FAILED', true],
  [new Error('not known'), 'PUBLISH_FAILED', true],
  [
    new PublishError('too large', { code: 'MESSAGE_TOO_LARGE', retryable: false }),
    'MESSAGE_TOO_LARGE',
    false,
  ],
])('%s', (error, code, retryable) => {
  expect(classify(error)).toEqual({ code, retryable });
});

it('says where it cannot connect, and what to do', () => {
  const error = cannotConnect('acme://localhost', new Error('refused'));
  expect(error).toMatchObject({ code: 'CONNECTION_FAILED', message: expect.stringContaining('acme.url') });
});
