import { systemClock } from '@ebus/core';
import { expect, it } from 'vitest';
import { hangs } from './testing/sources.js';
import { LATE, within } from './within.js';

it('gives what the work gives, in time', async () => {
  expect(await within(systemClock, 10_000, async () => 'done')).toBe('done');
  await expect(within(systemClock, 10_000, () => Promise.reject(new Error('broken')))).rejects.toThrow(
    'broken',
  );
});

it('gives LATE for what hangs', async () => {
  expect(await within(systemClock, 10, hangs)).toBe(LATE);
});

it('gives LATE, and no error, for what gives up when its signal aborts', async () => {
  const givesUp = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  expect(await within(systemClock, 10, givesUp)).toBe(LATE);
});
