/** What a Standard Schema says of a payload, in ebus' words. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { EnvelopeError } from '../errors.js';

/** The error for a payload that its schema refuses; undefined where it accepts it. */
export function payloadError({ issues }: StandardSchemaV1.Result<unknown>): EnvelopeError | undefined {
  if (issues === undefined) return undefined;
  const texts = issues.map(({ message, path }) => {
    const at = ['payload', ...(path ?? []).map((part) => String(typeof part === 'object' ? part.key : part))];
    return `${at.join('.')}: ${message}`;
  });
  return new EnvelopeError(`invalid envelope: ${texts.join('; ')}`, 'payload');
}

/** Whether the value is a Standard Schema, as zod, valibot and arktype make them. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  const standard = (value as Partial<StandardSchemaV1> | null | undefined)?.['~standard'];
  return typeof standard?.validate === 'function';
}
