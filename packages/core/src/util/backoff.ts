/** How long to wait before trying again. */
import type { Clock } from '../clock.js';

/** Pauses that grow from attempt to attempt, in milliseconds. */
export interface BackoffOptions {
  /** The first delay, in milliseconds. */
  readonly base: number;
  /** No delay is longer, in milliseconds. */
  readonly max: number;
  /** Each delay is this many times the previous one. Default 2. */
  readonly factor?: number;
  /** Takes a random share of the delay, from nothing to all of it. Default true. */
  readonly jitter?: boolean;
}

/**
 * Milliseconds to wait after the given failed attempt (1-based): `longestDelay`, with jitter a uniformly random share of
 * it, drawn from the clock. This is "full jitter" of Marc Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015: of the variants compared there it makes competing clients do least work.
 */
export function backoffDelay(options: BackoffOptions, attempt: number, clock: Pick<Clock, 'random'>): number {
  const delay = longestDelay(options, attempt);
  return options.jitter === false ? delay : clock.random() * delay;
}

/** The longest `backoffDelay`: `min(max, base * factor ** (attempt - 1))`. */
export function longestDelay({ base, max, factor = 2 }: BackoffOptions, attempt: number): number {
  // A base of 0 stays 0, also where the power overflows to infinity.
  return base === 0 ? 0 : Math.min(max, base * factor ** (attempt - 1));
}
