import { expect, it } from 'vitest';
import { ageOf } from './group-state.js';

const STORED = Date.UTC(2026, 0, 1, 12, 0, 0);

it("tells ages by the server's clock alone, where it says what time it is", () => {
  expect(ageOf(STORED, '2026-01-01T12:00:05.250123456Z')).toEqual({ oldestAgeMs: 5_250 });
  expect(ageOf(STORED, '2026-01-01T14:00:01+02:00')).toEqual({ oldestAgeMs: 1_000 });
  expect(ageOf(STORED, '2026-01-01T11:59:59Z')).toEqual({ oldestAgeMs: 0 });
});

it('tells a date where the server does not', () => {
  expect(ageOf(STORED, undefined)).toEqual({ oldestTimestamp: STORED });
});
