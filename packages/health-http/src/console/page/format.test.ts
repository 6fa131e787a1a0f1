import { expect, it } from 'vitest';
import { counted, formatAge, formatBytes, formatCount, formatRate, formatSpan } from './format.js';

it('counts', () => {
  expect([0, 999, 12_345, 123_456, 7_000_000].map(formatCount)).toEqual([
    '0',
    '999',
    '12,345',
    '123.5K',
    '7M',
  ]);
  expect([counted(1, 'letter'), counted(2, 'letter')]).toEqual(['1 letter', '2 letters']);
});

it('rates, sizes, spans and ages', () => {
  expect([null, 0, 0.44, 12.4].map(formatRate)).toEqual(['–', '0', '0.4', '12']);
  expect([0, 1_023, 1_536, 20_000_000].map(formatBytes)).toEqual(['0 B', '1023 B', '1.5 KB', '19 MB']);
  expect([0, 999, 1_000, 61_000, 3_900_000, 90_061_000].map(formatSpan)).toEqual([
    '0ms',
    '999ms',
    '1s',
    '1m 1s',
    '1h 5m',
    '1d 1h',
  ]);
  expect(formatAge('2026-01-01T00:00:00Z', '2026-01-01T00:02:05Z')).toBe('2m 5s ago');
  expect(formatAge('2026-01-01T00:00:01Z', '2026-01-01T00:00:00Z')).toBe('now');
});
