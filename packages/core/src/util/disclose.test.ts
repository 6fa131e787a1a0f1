import { expect, it } from 'vitest';
import { disclosed, discloser } from './disclose.js';

it('shows the message of an error without secrets, on one line', () => {
  const error = new Error('cannot log in at\npostgres://app:hunter2@db/shop');
  expect(disclosed(error)).toBe('cannot log in at\\npostgres://***@db/shop');
  expect(disclosed({ toString: null })).toBe('something that cannot be shown as text');
});

it('cuts after masking, and says how much of the whole is missing', () => {
  expect(disclosed('x'.repeat(900_000), 10)).toBe('xxxxxxxxxx… (899990 more characters)');
  const key = `-----BEGIN PRIVATE KEY-----\n${'M'.repeat(60)}\n-----END PRIVATE KEY-----`;
  expect(disclosed(`${key} is no key`, 60)).toBe('-----BEGIN PRIVATE KEY----- *** is no key');
});

it('asks the hook after its own masking', () => {
  const disclose = discloser((text) => text.replace(/\d{16}/g, '<card>'));
  expect(disclose('card 4111111111111111, password=x')).toBe('card <card>, password=***');
});

it('shows nothing where the hook throws or answers with no text', () => {
  const throwing = discloser(() => {
    throw new Error('no');
  });
  const silent = discloser(() => undefined as never);
  for (const disclose of [throwing, silent]) {
    expect(disclose('password is hunter2')).toBe('(not shown: the redact function of this bus failed)');
  }
});
