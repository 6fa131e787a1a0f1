import { expect, it } from 'vitest';
import type { BusSubscription } from './bus-subscription.js';
import { addTo } from './totals.js';

it('adds up what was done, and keeps the age of the oldest message of all', () => {
  const totals = { handled: 1, failedAttempts: 0, inFlight: 0, oldestInFlightMs: 50 };
  const stats = (oldestInFlightMs: number) =>
    ({ stats: () => ({ handled: 2, failedAttempts: 1, inFlight: 3, oldestInFlightMs }) }) as BusSubscription;
  addTo(totals, stats(40));
  addTo(totals, stats(60));
  expect(totals).toEqual({ handled: 5, failedAttempts: 2, inFlight: 6, oldestInFlightMs: 60 });
});
