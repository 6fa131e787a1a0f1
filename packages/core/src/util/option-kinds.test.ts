import { expect, it } from 'vitest';
import * as kinds from './option-kinds.js';

it.each<[keyof typeof kinds, accepted: unknown[], refused: unknown[]]>([
  ['duration', [0, 5, '2m', '1h30m'], [-1, 'soon', Number.NaN, null, {}]],
  ['positiveDuration', [1, '1ms'], [0, '0s', -1]],
  ['size', [0, 1024, '64KB'], [-1, 'big']],
  ['count', [0, 7], [-1, 1.5, '3', Number.POSITIVE_INFINITY]],
  ['positiveInteger', [1], [0, 1.5]],
  ['positiveNumber', [0.1], [0, Number.NaN, Number.POSITIVE_INFINITY]],
  ['numberFromOne', [1, 1.5], [0.9]],
  ['flag', [true, false], [0, 'true', undefined]],
  ['text', ['', 'a'], [5]],
  ['filledText', ['a'], ['', ' ']],
  ['func', [() => {}, class {}], [{}]],
  ['abortSignal', [new AbortController().signal], [new AbortController(), {}]],
  ['logger', [console], [{ info() {} }]],
])('%s accepts %j and refuses %j', (name, accepted, refused) => {
  const kind = kinds[name] as kinds.OptionKind;
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
