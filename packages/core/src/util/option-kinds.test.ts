import { expect, it } from 'vitest';
import * as kinds from './option-kinds.js';

it.each<[name: string, kinds.OptionKind, accepted: unknown[], refused: unknown[]]>([
  ['duration', kinds.duration, [0, 5, '2m', '1h30m'], [-1, 'soon', Number.NaN, null, {}]],
  ['positiveDuration', kinds.positiveDuration, [1, '1ms'], [0, '0s', -1]],
  ['size', kinds.size, [0, 1024, '64KB'], [-1, 'big']],
  ['count', kinds.count, [0, 7], [-1, 1.5, '3', Number.POSITIVE_INFINITY]],
  ['positiveInteger', kinds.positiveInteger, [1], [0, 1.5]],
  ['positiveNumber', kinds.positiveNumber, [0.1], [0, Number.NaN, Number.POSITIVE_INFINITY]],
  ['numberFromOne', kinds.numberFromOne, [1, 1.5], [0.9]],
  ['flag', kinds.flag, [true, false], [0, 'true', undefined]],
  ['text', kinds.text, ['', 'a'], [5]],
  ['filledText', kinds.filledText, ['a'], ['', ' ']],
  ['func', kinds.func, [() => {}, class {}], [{}]],
  ['abortSignal', kinds.abortSignal, [new AbortController().signal], [new AbortController(), {}]],
  ['logger', kinds.logger, [console], [{ info() {} }]],
])('%s tells what it accepts from what it refuses', (_, kind, accepted, refused) => {
  expect(accepted.filter((value) => !kind.accepts(value))).toEqual([]);
  expect(refused.filter((value) => kind.accepts(value))).toEqual([]);
});

it('joins kinds, and says what they expect', () => {
  const either = kinds.or(kinds.oneOf('ignore', 'fail'), kinds.func);
  expect(['ignore', () => {}, 'other', 5].map((value) => either.accepts(value))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(either.expects).toBe("'ignore' or 'fail' or a function");
  expect(kinds.withMethods('a bus', 'close', 'start').expects).toBe('a bus, with close() and start()');
  expect(kinds.required(kinds.func)).toMatchObject({ required: true, expects: 'a function' });
});
