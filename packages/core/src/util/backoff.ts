/** How long to wait before trying again. */

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
 * Milliseconds to wait after the given failed attempt (1-based): `min(max, base * factor ** (attempt - 1))`,
 * with jitter a uniformly random share of that. This is "full jitter" of Marc Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015: of the variants compared there it makes competing clients do least work.
 */
export function backoffDelay(
  options: BackoffOptions,
  attempt: number,
  random: () => number = Math.random,
): number {
  const { base, max, factor = 2, jitter = true } = options;
  // A base of 0 stays 0, also where the power overflows to infinity.
  const delay = base === 0 ? 0 : Math.min(max, base * factor ** (attempt - 1));
  return jitter ? random() * delay : delay;
}
