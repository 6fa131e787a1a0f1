/** A rate limit as a token bucket. */
import type { Clock } from '../clock.js';

/** Fractions of a token lost to rounding must not cost a caller another millisecond. */
const ROUNDING = 1e-9;

/**
 * Lets `burst` calls through at once and `ratePerSecond` on average: in any window of t seconds at most
 * `burst + ratePerSecond * t`. Starts full. Sets no timers; a caller without a token waits `waitMs()` and tries
 * again.
 */
export class TokenBucket {
  readonly #ratePerMs: number;
  readonly #burst: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #tokens: number;
  #refilledAt: number;

  /** @throws TypeError unless the rate is positive and finite and the burst at least 1 */
  constructor(ratePerSecond: number, burst: number, clock: Pick<Clock, 'monotonic'>) {
    if (!(ratePerSecond > 0 && ratePerSecond < Number.POSITIVE_INFINITY)) {
      throw new TypeError(`a rate limit must be a positive number of calls per second, got ${ratePerSecond}`);
    }
    if (!(burst >= 1 && burst < Number.POSITIVE_INFINITY)) {
      throw new TypeError(`the burst of a rate limit must be at least 1, got ${burst}`);
    }
    this.#ratePerMs = ratePerSecond / 1_000;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#refilledAt = clock.monotonic();
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    this.#refill();
    if (this.#tokens < 1 - ROUNDING) return false;
    this.#tokens = this.#tokens > 1 ? this.#tokens - 1 : 0;
    return true;
  }

  /** Whole milliseconds until `tryTake` succeeds, if no other caller takes the token; 0 when it would now. */
  waitMs(): number {
    this.#refill();
    const missing = 1 - ROUNDING - this.#tokens;
    return missing <= 0 ? 0 : Math.ceil(missing / this.#ratePerMs);
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    const elapsed = now - this.#refilledAt;
    if (elapsed === 0) return;
    this.#refilledAt = now;
    const tokens = this.#tokens + elapsed * this.#ratePerMs;
    this.#tokens = Math.min(tokens, this.#burst);
  }
}
