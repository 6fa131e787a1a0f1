/** Sums over the subscriptions of a bus. */
import type { BusSubscription } from './bus-subscription.js';

export interface Totals {
  handled: number;
  failedAttempts: number;
  inFlight: number;
  /** Age of the oldest unsettled message. */
  oldestInFlightMs: number;
}

export function addTo(totals: Totals, subscription: BusSubscription): void {
  const { handled, failedAttempts, inFlight, oldestInFlightMs } = subscription.stats();
  totals.handled += handled;
  totals.failedAttempts += failedAttempts;
  totals.inFlight += inFlight;
  totals.oldestInFlightMs = Math.max(totals.oldestInFlightMs, oldestInFlightMs);
}
