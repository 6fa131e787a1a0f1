/** The kinds of values that options have. They are made once, where a module is loaded, and never per call. */
import { readDuration } from '../duration.js';
import { readSize } from '../size.js';
import type { OptionKind, OptionTable } from './option-types.js';

export type { OptionKind } from './option-types.js';

const DURATION = "milliseconds, or text such as '500ms', '2m', '1h30m'";

/** A duration of 0 or more. */
export const duration: OptionKind = {
  expects: `a duration: ${DURATION}`,
  example: "'30s'",
  accepts: (value) => readDuration(value) >= 0,
};

/** A duration above 0. */
export const positiveDuration: OptionKind = {
  expects: `a duration above 0: ${DURATION}`,
  example: "'30s'",
  accepts: (value) => readDuration(value) > 0,
};

/** A size of 0 bytes or more. */
export const size: OptionKind = {
  expects: "a size: bytes, or text such as '64KB', '100MB'",
  example: "'1MB'",
  accepts: (value) => readSize(value) >= 0,
};

/** A whole number from 0 up. */
export const count: OptionKind = {
  expects: 'an integer of at least 0',
  example: '3',
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};

/** A whole number from 1 up. */
export const positiveInteger: OptionKind = {
  expects: 'a positive integer',
  example: '100',
  accepts: (value) => Number.isSafeInteger(value) && (value as number) > 0,
};

/** A finite number above 0. */
export const positiveNumber: OptionKind = {
  expects: 'a number above 0',
  example: '100',
  accepts: (value) => Number.isFinite(value) && (value as number) > 0,
};

/** A finite number of at least 1. */
export const numberFromOne: OptionKind = {
  expects: 'a number of at least 1',
  example: '2',
  accepts: (value) => Number.isFinite(value) && (value as number) >= 1,
};

/** `true` or `false`. */
export const flag: OptionKind = {
  expects: 'true or false',
  example: 'true',
  accepts: (value) => typeof value === 'boolean',
};

/** Any text. */
export const text: OptionKind = {
  expects: 'text',
  example: "'…'",
  accepts: (value) => typeof value === 'string',
};

/** Text that is not empty. */
export const filledText: OptionKind = {
  expects: 'text that is not empty',
  example: "'…'",
  accepts: (value) => typeof value === 'string' && value.trim() !== '',
};

/** Any function. */
export const func: OptionKind = {
  expects: 'a function',
  example: '() => …',
  accepts: (value) => typeof value === 'function',
};

/** By its shape, so that those of another realm, or of a polyfill, are ones as well. */
export const abortSignal: OptionKind = {
  expects: "an AbortSignal (a controller's `.signal`, or AbortSignal.timeout(ms))",
  example: 'controller.signal',
  accepts: isAbortSignal,
};

/** Whether the value is an `AbortSignal`, of whichever realm. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as AbortSignal).aborted === 'boolean' &&
    typeof (value as AbortSignal).addEventListener === 'function'
  );
}

/** One of these texts. */
export function oneOf(...values: readonly [string, ...string[]]): OptionKind {
  return {
    expects: listed(values.map((value) => `'${value}'`)),
    example: `'${values[0]}'`,
    accepts: (value) => values.includes(value as string),
  };
}

/** `or(oneOf('ignore'), func)`. */
export function or(...kinds: readonly [OptionKind, ...OptionKind[]]): OptionKind {
  return {
    expects: listed(kinds.map((kind) => kind.expects)),
    example: kinds[0].example,
    accepts: (value) => kinds.some((kind) => kind.accepts(value)),
  };
}

/** The same kind, for options that must be given. */
export function required(kind: OptionKind): OptionKind {
  return { ...kind, required: true };
}

/** An option that is an object of options. */
export function nested(table: OptionTable): OptionKind {
  return {
    expects: `an object such as ${table.example}`,
    example: table.example,
    accepts: () => true,
    nested: table,
  };
}

/** An object that has these methods, of any class. */
export function withMethods(what: string, ...methods: readonly string[]): OptionKind {
  const list = listed(
    methods.map((name) => `${name}()`),
    'and',
  );
  return {
    expects: `${what}, with ${list}`,
    example: '…',
    accepts: (value) =>
      ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
  };
}

/** A `Clock`. */
export const clock: OptionKind = withMethods(
  'a clock',
  'now',
  'monotonic',
  'setTimeout',
  'clearTimeout',
  'setImmediate',
  'timeout',
  'random',
  'randomBytes',
);
/** A `Logger`. */
export const logger: OptionKind = withMethods('a logger', 'debug', 'info', 'warn', 'error');

/** Anything for which the test holds. */
export function kind(expects: string, accepts: (value: unknown) => boolean, example = '…'): OptionKind {
  return { expects, example, accepts };
}

function listed(texts: readonly string[], last = 'or'): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} ${last} ${texts.at(-1)}`;
}
