import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Duration, formatDuration, parseDuration } from './duration.js';

describe('parseDuration', () => {
  it.each<[Duration, number]>([
    [0, 0],
    [1500, 1500],
    [0.5, 0.5],
    ['0ms', 0],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['1h30m', 5_400_000],
    ['1m500ms', 60_500],
    ['168h', 604_800_000],
    ['7d', 604_800_000],
    ['4.35s', 4_350],
    ['1h0m0s' as Duration, 3_600_000],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    ' 1s',
    '1s ',
    '-1s',
    '+1s',
    '1',
    's',
    '1x',
    '1S',
    '.5s',
    '1.s',
    '1e3ms',
    '30m1h',
    '1h1h',
    '1h30',
    `${'9'.repeat(400)}d`,
    null,
    undefined,
    {},
    10n,
  ])('refuses %s and says what is allowed', (value) => {
    expect(() => parseDuration(value as Duration)).toThrow(TypeError);
    expect(() => parseDuration(value as Duration)).toThrow(
      /^invalid duration .*'500ms', '1.5s', '2m', '1h30m', '7d'$/,
    );
  });

  it('quotes the refused text', () => {
    expect(() => parseDuration('soon' as Duration)).toThrow('invalid duration "soon": ');
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0ms'],
    [250, '250ms'],
    [0.25, '0.25ms'],
    [1_000, '1s'],
    [1_500, '1.5s'],
    [60_000, '1m'],
    [5_400_000, '1h30m'],
    [604_800_000, '7d'],
    [90_061_001, '1d1h1m1.001s'],
    [1_234.567, '1.235s'],
    [-1_500, '-1.5s'],
    [Number.POSITIVE_INFINITY, 'Infinityms'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back as the same duration', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(5_000), fc.nat(2 ** 31), fc.integer({ min: 0, max: 1e13 })), (ms) => {
        expect(parseDuration(formatDuration(ms) as Duration)).toBe(ms);
      }),
    );
  });
});
