/** Kinds of settings that every part of the configuration has, as zod schemas with what editors need to know. */
import { z } from 'zod';
import { type Duration, parseDuration } from './duration.js';
import { type Bytes, parseSize } from './size.js';

/** For the JSON Schema, which cannot tell by itself what the parsers take. */
const DURATION = { minimum: 0, pattern: '^(\\d+(\\.\\d+)?(d|h|ms|m|s))+$' };
const SIZE = { minimum: 0, pattern: '^\\d+(\\.\\d+)?(B|[KMGT]i?B)$' };
const WRITTEN = { type: ['number', 'string'] };

/** A duration as applications write it, read as milliseconds. Give it a default with `prefault('1s')`. */
export function durationSetting() {
  return z
    .union([z.number(), z.string()])
    .meta(DURATION)
    .transform((value, context) => parsed(context, () => parseDuration(value as Duration)));
}

/** A size as applications write it, read as bytes. Give it a default with `prefault('1MB')`. */
export function sizeSetting() {
  return z
    .union([z.number(), z.string()])
    .meta(SIZE)
    .transform((value, context) => parsed(context, () => parseSize(value as Bytes)));
}

/** A duration that is checked and kept as it is written. */
export function writtenDuration() {
  const check = (value: Duration, context: z.RefinementCtx) => {
    parsed(context, () => parseDuration(value));
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

function parsed(context: z.RefinementCtx, parse: () => number): number {
  try {
    return parse();
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
}
