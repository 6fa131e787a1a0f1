/** Kinds of settings that every part of the configuration has, as zod schemas with what editors need to know. */
import { z } from 'zod';
import { type Duration, formatDuration, parseDuration } from './duration.js';
import { type Bytes, parseSize } from './size.js';

/** For the JSON Schema, which cannot derive the parsers' formats. */
const DURATION = { minimum: 0, pattern: '^(\\d+(\\.\\d+)?(d|h|ms|m|s))+$' };
const SIZE = { minimum: 0, pattern: '^\\d+(\\.\\d+)?(B|[KMGT]i?B)$' };
const WRITTEN = { type: ['number', 'string'] };

/** A duration as applications write it, read as milliseconds. Give it a default with `prefault('1s')`. */
export function durationSetting() {
  return z
    .union([z.number(), z.string()])
    .meta(DURATION)
    .transform((value, context) =>
      withUnit(value, context) ? parsed(context, () => parseDuration(value as Duration)) : z.NEVER,
    );
}

/** A size as applications write it, read as bytes. Give it a default with `prefault('1MB')`. */
export function sizeSetting() {
  return z
    .union([z.number(), z.string()])
    .meta(SIZE)
    .transform((value, context) => parsed(context, () => parseSize(value as Bytes)));
}

/**
 * Texts that are no file name: several lines, PEM, base64 of a certificate or key, a JSON Web Token, the seed of an
 * nkey.
 */
const CONTENT = /[\r\n]|-----BEGIN|^MII[\w+/=]{40}|^eyJ[\w-]{8}|^S[ACNOUX][A-Z2-7]{40,70}$/;
const LONGEST_NAME = 1_024;

/** The name of a file. What looks like the content of one is refused, and not shown: it is a secret, perhaps. */
export function fileNameSetting() {
  const isName = (value: string) => value.length <= LONGEST_NAME && !CONTENT.test(value.trim());
  return z.string().min(1).refine(isName, {
    error: 'looks like the content of a file: put it into one, and give the name of that',
  });
}

/** A duration that is checked and kept as it is written. */
export function writtenDuration() {
  const check = (value: Duration, context: z.RefinementCtx) => {
    if (withUnit(value, context)) parsed(context, () => parseDuration(value));
  };
  return z
    .custom<Duration>()
    .superRefine(check)
    .meta({ ...WRITTEN, ...DURATION });
}

/** A size that is checked and kept as it is written. */
export function writtenSize() {
  const check = (value: Bytes, context: z.RefinementCtx) => {
    parsed(context, () => parseSize(value));
  };
  return z
    .custom<Bytes>()
    .superRefine(check)
    .meta({ ...WRITTEN, ...SIZE });
}

/**
 * A key that configuration files have elsewhere, and that is refused rather than ignored. `why` says what to do instead.
 */
export function refusedSetting(why: string) {
  return z.undefined({ error: why }).optional();
}

const DAY_MS = 86_400_000;

/** Go writes nanoseconds where no unit is given. A minute in nanoseconds would be almost two years here. */
function withUnit(value: unknown, context: z.RefinementCtx): boolean {
  if (typeof value !== 'number' || !(value > DAY_MS && value < Number.POSITIVE_INFINITY)) return true;
  context.addIssue({
    code: 'custom',
    message:
      `${value} has no unit: is it milliseconds (${formatDuration(value)}), as ebus reads it, or nanoseconds ` +
      `(${formatDuration(value / 1e6)}), as Go does? Write the unit, such as '${formatDuration(value)}'`,
  });
  return false;
}

function parsed(context: z.RefinementCtx, parse: () => number): number {
  try {
    return parse();
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
}
