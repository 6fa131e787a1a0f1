import { expect, it } from 'vitest';
import { inexactNumber, parseExactly } from './exact-json.js';

it.each([
  ['{"id":12345678901234567890}', { id: '12345678901234567890' }],
  ['[9007199254740993, -9007199254740993, 1e400]', ['9007199254740993', '-9007199254740993', '1e400']],
  ['{"a":0.12345678901234567890123}', { a: '0.12345678901234567890123' }],
])('keeps each digit of %s', (json, value) => {
  expect(parseExactly(json)).toEqual(value);
});

it.each([
  '0',
  '-0',
  '1.50',
  '1.0e3',
  '1E5',
  '100000000000000000000',
  '1e21',
  '0.1',
  '5e-324',
  '9007199254740991',
  '1234567890123.5',
  '0.000001',
  '1e-7',
  '"1e999"',
  '{"9007199254740993":"9007199254740993 \\" 9007199254740993"}',
  'null',
  '[]',
  '{"a":"\\\\"}',
])('leaves %s as JavaScript reads it', (json) => {
  expect(inexactNumber(json)).toBeUndefined();
  expect(parseExactly(json)).toEqual(JSON.parse(json));
});

it('names the first number that would be rounded, and throws for what is no JSON', () => {
  expect(inexactNumber('{"a":1,"b":[9007199254740993,12345678901234567890]}')).toBe('9007199254740993');
  expect(() => parseExactly('{"a":9007199254740993')).toThrow(SyntaxError);
});

it('reads large texts', () => {
  const json = JSON.stringify({
    note: 'x"\\'.repeat(500_000),
    list: Array.from({ length: 100_000 }, (_, i) => i),
  });
  expect(parseExactly(json)).toEqual(JSON.parse(json));
});
