import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, parseSize, type SizeUnit } from './size.js';

describe('parseSize', () => {
  it.each<[Bytes, number]>([
    [0, 0],
    [1_048_576, 1_048_576],
    ['512B', 512],
    ['64KB', 65_536],
    ['64KiB', 65_536],
    ['100MB', 104_857_600],
    ['1GB', 1_073_741_824],
    ['1GiB', 1_073_741_824],
    ['2TB', 2_199_023_255_552],
    ['1.5MB', 1_572_864],
    ['0.1KB', 102],
  ])('reads %s as %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each([
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    '',
    '100',
    '1 MB',
    '-1MB',
    '1mb',
    '1M',
    '1BiB',
    '1e3KB',
    'MB',
    `${'9'.repeat(20)}TB`,
    null,
    undefined,
    [],
  ])('refuses %s and says what is allowed', (value) => {
    expect(() => parseSize(value as Bytes)).toThrow(TypeError);
    expect(() => parseSize(value as Bytes)).toThrow(/^invalid size .*'100MB', '1.5GB'/);
  });

  it('takes every unit as a power of 1024', () => {
    const units: SizeUnit[] = ['B', 'KB', 'MB', 'GB', 'TB'];
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(4), (count, power) => {
        expect(parseSize(`${count}${units[power] as SizeUnit}`)).toBe(count * 1_024 ** power);
      }),
    );
  });
});
