import fc from 'fast-check';
import { v4, v7 } from 'uuid';
import { expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { randomUuid, timeUuid } from './uuid.js';

const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });

it('is a UUID of the clock, so that a simulation repeats it', () => {
  const [one, other] = [new ManualClock(), new ManualClock()];
  const first = randomUuid(one);
  expect(first).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(randomUuid(other)).toBe(first);
  expect(randomUuid(one)).not.toBe(first);
});

it('is what the library of that name makes of the same bytes, in version 4 and in version 7', () => {
  fc.assert(
    fc.property(
      sixteen,
      fc.integer({ min: 0, max: 2 ** 48 - 1 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      (bytes, ms, sequence) => {
        expect(randomUuid({ randomBytes: () => bytes })).toBe(v4({ random: Uint8Array.from(bytes) }));
        const ours = timeUuid(ms, sequence, bytes);
        expect(ours).toBe(v7({ msecs: ms, seq: sequence, random: Uint8Array.from(bytes) }));
      },
    ),
  );
});
