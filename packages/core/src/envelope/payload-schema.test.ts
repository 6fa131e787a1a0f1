import { expect, it } from 'vitest';
import { z } from 'zod';
import { isStandardSchema, payloadError } from './payload-schema.js';

it('a payload that its schema accepts has no error', () => {
  expect(payloadError({ value: {} })).toBe(undefined);
});

it('all that a schema says of a payload is in one error, each with its path', async () => {
  const schema = z.object({ id: z.string(), lines: z.array(z.object({ price: z.number() })) });
  const error = payloadError(await schema['~standard'].validate({ id: 1, lines: [{ price: 'x' }] }));
  expect(error).toMatchObject({ code: 'ENVELOPE_INVALID', path: 'payload' });
  expect(error?.message).toMatch(/^invalid envelope: payload\.id: .+; payload\.lines\.0\.price: /);
  const issues = [{ message: 'no', path: [{ key: 'a' }, 'b'] }, { message: 'at all' }];
  expect(payloadError({ issues })?.message).toBe('invalid envelope: payload.a.b: no; payload: at all');
});

it.each([
  [z.string(), true],
  [{ '~standard': { validate: () => ({ value: 1 }) } }, true],
  [{ '~standard': {} }, false],
  [null, false],
  [undefined, false],
  ['text', false],
])('%o is a Standard Schema: %s', (value, is) => {
  expect(isStandardSchema(value)).toBe(is);
});
