import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nearest } from './nearest.js';

it('finds what was probably meant, and nothing where nothing is near', () => {
  expect(nearest('groupid', ['groupId', 'topics'])).toBe('groupId');
  expect(nearest('retension', ['retention', 'partitions'])).toBe('retention');
  expect(nearest('tpye', ['topics', 'type'])).toBe('type');
  expect(nearest('x', ['retention', 'partitions'])).toBeUndefined();
});

it('finds any key again in which one character was mistaken', () => {
  const keys = ['publisher', 'subscriber', 'healthCheck', 'topicConfigStrategy', 'metrics', 'tracing'];
  const mistakes = (key: string, at: number, letter: string) => [
    key.slice(0, at) + key.slice(at + 1),
    key.slice(0, at) + letter + key.slice(at),
    key.slice(0, at) + letter + key.slice(at + 1),
    key.slice(0, at) + (key[at + 1] ?? '') + (key[at] ?? '') + key.slice(at + 2),
    key.toUpperCase(),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...keys),
      fc.nat({ max: 6 }),
      fc.constantFrom('a', 'x', '_'),
      (key, at, letter) => {
        for (const mistake of mistakes(key, at, letter)) expect(nearest(mistake, keys), mistake).toBe(key);
      },
    ),
  );
});

it('answers at once for a word as long as a file', () => {
  expect(nearest('x'.repeat(1_000_000), ['publisher', 'subscriber'])).toBeUndefined();
});
