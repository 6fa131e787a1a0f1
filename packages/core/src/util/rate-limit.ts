/** Rate limits that are waited for. */
import type { Clock, TimerHandle } from '../clock.js';
import type { TokenBucket } from './token-bucket.js';

/** A token of each of several buckets at once, or a timer until there may be one. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #onToken: () => void;
  #buckets: readonly TokenBucket[];
  #timer: TimerHandle | undefined;

  /** `onToken` is called after a refusal, once there may be a token of each. */
  constructor(clock: Clock, buckets: readonly TokenBucket[], onToken: () => void) {
    this.#clock = clock;
    this.#buckets = buckets;
    this.#onToken = onToken;
  }

  /** False without a limit. */
  get isLimited(): boolean {
    return this.#buckets.length > 0;
  }

  /** A token was refused, and `onToken` is still to be called. */
  get isWaiting(): boolean {
    return this.#timer !== undefined;
  }

  /** These count from now on. `onToken` is not called for a refusal by the former ones. */
  setBuckets(buckets: readonly TokenBucket[]): void {
    this.stop();
    this.#buckets = buckets;
  }

  /** Takes one token of every bucket, or none of any. */
  tryTake(): boolean {
    let wait = 0;
    for (const bucket of this.#buckets) wait = Math.max(wait, bucket.waitMs());
    if (wait === 0) {
      for (const bucket of this.#buckets) bucket.tryTake();
      return true;
    }
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#onToken();
    }, wait);
    return false;
  }

  /** Ends the timer. */
  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
