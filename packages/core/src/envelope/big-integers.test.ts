import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BigIntegers, parseJson } from './big-integers.js';

const BEYOND = 9_007_199_254_740_993n;

describe('parseJson', () => {
  it('keeps the digits of integers that numbers cannot hold', () => {
    const json = '{"id":9007199254740993,"list":[-9223372036854775808,1,9007199254740991],"n":1e20}';
    expect(parseJson(json, 'string')).toEqual({
      id: '9007199254740993',
      list: ['-9223372036854775808', 1, 9_007_199_254_740_991],
      n: 1e20,
    });
    expect(parseJson(json, 'bigint')).toEqual({
      id: BEYOND,
      list: [-(2n ** 63n), 1, 9_007_199_254_740_991],
      n: 1e20,
    });
    expect(parseJson('9007199254740993', 'bigint')).toBe(BEYOND);
    expect(parseJson(' -9007199254740993 ', 'string')).toBe('-9007199254740993');
  });

  it('leaves texts and keys alone', () => {
    const value = {
      '9007199254740993': '9007199254740993',
      quote: '"9007199254740993',
      'back\\': '\\"9007199254740993\\\\',
      unicode: '\u0000\u2028:9007199254740993',
      list: ['[9007199254740993]', ',9007199254740993,'],
    };
    expect(parseJson(JSON.stringify(value), 'bigint')).toEqual(value);
    expect(parseJson(JSON.stringify(value), 'string')).toEqual(value);
  });

  it('reads fractions and exponents as numbers', () => {
    const json = '[12345678901234567890.5,1234567890123456789e2,0.12345678901234567890]';
    expect(parseJson(json, 'bigint')).toEqual(JSON.parse(json));
  });

  it('takes __proto__ as a plain key', () => {
    const read = parseJson(
      '{"__proto__":9007199254740993,"a":{"__proto__":{"b":9007199254740993}}}',
      'bigint',
    );
    expect(Object.entries(read as object)[0]).toEqual(['__proto__', BEYOND]);
    expect(({} as Record<string, unknown>).b).toBeUndefined();
  });

  it('goes as deep as JSON.parse', () => {
    const json = `${'['.repeat(100_000)}9007199254740993${']'.repeat(100_000)}`;
    let value = parseJson(json, 'bigint');
    while (Array.isArray(value)) value = value[0];
    expect(value).toBe(BEYOND);
  });

  it('refuses what is no JSON as JSON.parse does', () => {
    for (const text of [
      '',
      '{',
      '[9007199254740993',
      '09007199254740993',
      '{"a":9007199254740993.}',
      '"9007199254740993',
    ]) {
      expect(() => parseJson(text, 'bigint')).toThrow(SyntaxError);
    }
  });

  it.each<BigIntegers>(['string', 'bigint'])('gives back any value, integers as %s', (as) => {
    const integer = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
    const leaf = fc.oneof(
      fc.string({
        unit: fc.constantFrom('"', '\\', '9', '1234567890123456', '\n', '\0', '-', 'é', '\ud83d\ude80'),
      }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
      integer,
      fc.constantFrom(true, false, null),
    );
    const { value: json } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('value')),
        fc.dictionary(fc.string(), tie('value')),
      ),
    }));
    fc.assert(
      fc.property(json, fc.boolean(), (value, spaced) => {
        expect(parseJson(write(value, spaced ? ' ' : ''), as)).toEqual(expected(value, as));
      }),
      { numRuns: 500 },
    );
  });
});

/** JSON by the shortest way that knows bigints, with white space where that is allowed. */
function write(value: unknown, space: string): string {
  if (typeof value === 'bigint') return `${space}${value}${space}`;
  if (Array.isArray(value)) return `[${value.map((item) => write(item, space)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return `${space}${JSON.stringify(value)}${space}`;
  const members = Object.entries(value).map(
    ([key, member]) => `${space}${JSON.stringify(key)}:${write(member, space)}`,
  );
  return `{${members.join(',')}}`;
}

function expected(value: unknown, as: BigIntegers): unknown {
  if (typeof value === 'bigint') {
    if (Number.isSafeInteger(Number(value))) return Number(value);
    return as === 'bigint' ? value : String(value);
  }
  // Doubles that are written as long integers count as such, too.
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    !Number.isSafeInteger(value) &&
    /^-?\d+$/.test(String(value))
  ) {
    return expected(BigInt(String(value)), as);
  }
  if (Array.isArray(value)) return value.map((item) => expected(item, as));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, expected(member, as)]));
}
