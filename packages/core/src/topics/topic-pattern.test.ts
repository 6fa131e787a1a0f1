import { describe, expect, it } from 'vitest';
import { compareSpecificity, topicPattern } from './topic-pattern.js';

const matches = (pattern: string, topic: string) => topicPattern(pattern).matches(topic);

describe('topicPattern', () => {
  it.each([
    ['orders', 'orders', true],
    ['orders', 'orders.eu', false],
    ['business.*', 'business.orders', true],
    ['business.*', 'business.orders.eu', false],
    ['business.*', 'business', false],
    ['business.**', 'business.orders.eu', true],
    ['business.**', 'business', true],
    ['**', 'a.b.c', true],
    ['**.dlq', 'a.b.dlq', true],
    ['**.dlq', 'dlq', true],
    ['a.**.z', 'a.z', true],
    ['a.**.z', 'a.b.z.c.z', true],
    ['a.**.z', 'a.b', false],
    ['a.**.b.**.c', 'a.x.b.y.b.z.c', true],
    ['order-*', 'order-', true],
    ['order-*-v*', 'order-eu-v2', true],
    ['a*b*a', 'aba', true],
    ['a*b*a', 'ab', false],
    ['aa*aa', 'aaa', false],
    ['a+b', 'a+b', true],
    ['a+b', 'aab', false],
  ])('%s and %s: %s', (pattern, topic, expected) => {
    expect(matches(pattern, topic)).toBe(expected);
  });

  it('comes to an end with patterns made to be slow', () => {
    expect(matches(Array(20).fill('**').join('.x.'), 'x.'.repeat(120).slice(0, -1).replace(/x$/, 'y'))).toBe(
      true,
    );
    expect(matches('*a'.repeat(40), `${'a'.repeat(200)}b`)).toBe(false);
  });

  it.each(['', 'a..b', '.a', 'a.b**', '***'])("refuses '%s'", (pattern) => {
    expect(() => topicPattern(pattern)).toThrow(/invalid topic pattern/);
  });
});

describe('compareSpecificity', () => {
  it('goes from plain text to **, segment by segment from the left', () => {
    const patterns = ['**', 'a.**', '*', 'a.*', 'a.b*', 'a.b', 'a.bc*', 'a.*.c', 'a.b.**', 'a.*.**'];
    expect(patterns.sort(compareSpecificity)).toEqual([
      'a.b',
      'a.b.**',
      'a.bc*',
      'a.b*',
      'a.*.c',
      'a.*',
      'a.*.**',
      'a.**',
      '*',
      '**',
    ]);
  });
});
