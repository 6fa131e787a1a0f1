/** Sums over the subscriptions of a bus. */
import type { BusSubscription } from './bus-subscription.js';

/** Sums of counters, and the greatest age in milliseconds. */
export interface Totals {
  handled: number;
  failedAttempts: number;
  inFlight: number;
  /** Age of the oldest unsettled message. */
  oldestInFlightMs: number;
}

/** Adds one subscription's figures, in place. */
export function addTo(totals: Totals, subscription: BusSubscription): void {
  const { handled, failedAttempts, inFlight, oldestInFlightMs } = subscription.stats();
  totals.handled += handled;
  totals.failedAttempts += failedAttempts;
  totals.inFlight += inFlight;
  totals.oldestInFlightMs = Math.max(totals.oldestInFlightMs, oldestInFlightMs);
}
