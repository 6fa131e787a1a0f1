/** How long a message may take by its policy. */
import { longestDelay } from '../util/backoff.js';
import type { ConsumePolicy } from './policy.js';

/** For settling, and for delays of the event loop. */
const MARGIN_MS = 5_000;
/** However many retries a policy allows: a message that is tried for longer holds others up. */
const MAX_MS = 3_600_000;

/** Milliseconds for all attempts and the longest pauses between them; at most an hour. */
export function stallTimeoutOf({ maxRetries, processingTimeout, backoff }: ConsumePolicy): number {
  let total = processingTimeout + MARGIN_MS;
  for (let retry = 1; retry <= maxRetries && total < MAX_MS; retry++) {
    total += processingTimeout + longestDelay(backoff, retry);
  }
  return Math.min(total, MAX_MS);
}
