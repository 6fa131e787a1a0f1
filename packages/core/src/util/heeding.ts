/** Waiting for work that heeds a signal, with a moment for it to say why it stopped. */
import type { Clock } from '../clock.js';
import { within } from './within.js';

/** How long foreign code may take to heed its signal. */
const HEED_MS = 1_000;

/**
 * The outcome of `work`. Once the signal aborts, the work has a second left to end with an outcome of its own; after that
 * the outcome of `late`, which may throw.
 */
export function heeding<T>(
  work: Promise<T>,
  signal: AbortSignal,
  clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>,
  late: () => T,
): Promise<T> {
  return within(work, signal, () => within(work, { clock, ms: HEED_MS }, late)) as Promise<T>;
}
