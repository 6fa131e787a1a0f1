/** The unsettled messages that one subscription may hold. */
import type { InFlight } from './in-flight.js';
import type { ConsumePolicy } from './policy.js';

/** The most bytes of one subscription in flight: 64 MiB. */
export const WINDOW_BYTES = 64 * 1024 * 1024;
const MAX_WINDOW_MESSAGES = 10_000;
const MIN_UNORDERED_WINDOW = 256;

/** The most messages in flight. */
export function windowOf({ ordering, concurrency, queuePerKey }: ConsumePolicy): number {
  return ordering === 'none'
    ? Math.max(MIN_UNORDERED_WINDOW, 2 * concurrency)
    : Math.min(MAX_WINDOW_MESSAGES, concurrency * queuePerKey);
}

/** The room left in it. `longest`: waiting messages of the longest key; all new ones may be of that key. */
export function roomOf(
  { queuePerKey }: ConsumePolicy,
  window: number,
  { count, bytes }: Pick<InFlight, 'count' | 'bytes'>,
  longest: number,
): { messages: number; bytes: number } {
  return { messages: Math.min(window - count, queuePerKey - longest), bytes: WINDOW_BYTES - bytes };
}
