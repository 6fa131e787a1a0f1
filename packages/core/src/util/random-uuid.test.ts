import { expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { randomUuid } from './random-uuid.js';

it('is a UUID of the clock, so that a simulation repeats it', () => {
  const [one, other] = [new ManualClock(), new ManualClock()];
  const first = randomUuid(one);
  expect(first).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(randomUuid(other)).toBe(first);
  expect(randomUuid(one)).not.toBe(first);
});
