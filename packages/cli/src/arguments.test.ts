import { describe, expect, it } from 'vitest';
import { duration, integer, parseFrom, parseHeaders, parsePosition } from './arguments.js';

const NOW = Date.UTC(2026, 10, 26, 3);

describe('parseFrom', () => {
  it.each([
    ['earliest', 'earliest'],
    ['latest', 'latest'],
    ['group:billing', { group: 'billing' }],
    ['3:1042', { partition: 3, offset: 1042 }],
    ['1042', { offset: 1042 }],
    ['15m', new Date(NOW - 15 * 60_000)],
    ['1h30m', new Date(NOW - 90 * 60_000)],
    ['2026-11-26T02:59:00Z', new Date(NOW - 60_000)],
  ])('reads %s', (text, from) => {
    expect(parseFrom(text, NOW)).toEqual(from);
  });

  it('says what it takes', () => {
    expect(() => parseFrom('yesterday', NOW)).toThrow(/'yesterday': give earliest/);
    expect(() => parseFrom('15minutes', NOW)).toThrow(/'15minutes': give a duration/);
  });
});

describe('the others', () => {
  it('read positions, headers and numbers', () => {
    expect([parsePosition('0:7'), parsePosition('7'), parsePosition('x')]).toEqual([
      { partition: 0, offset: 7 },
      { offset: 7 },
      undefined,
    ]);
    expect(parseHeaders(['a=b=c', 'd='])).toEqual({ a: 'b=c', d: '' });
    expect(() => parseHeaders(['=x'])).toThrow(/name=value/);
    expect(integer('--limit', '5', 1)).toBe(5);
    for (const text of ['0', '-1', '1.5', '1e3', '']) {
      expect(() => integer('--limit', text, 1)).toThrow(/at least 1/);
    }
    expect(duration('--interval', '2s')).toBe(2_000);
    expect(() => duration('--interval', '2 weeks')).toThrow(/--interval '2 weeks'/);
  });
});
