/** What a delivery passes right before its attempt: pause, halt of an unordered subscription, rate limit. */
import type { Clock, TimerHandle } from '../clock.js';
import { Deque } from '../util/deque.js';
import type { TokenBucket } from '../util/token-bucket.js';
import type { Delivery } from './delivery.js';

/** Lets deliveries through in order while it is open and every rate limit has a token. */
export class StartGate {
  readonly #go: (delivery: Delivery) => void;
  #buckets: readonly TokenBucket[];
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #waiting = new Deque<Delivery>();
  readonly #closedBy = new Set<string>();
  #timer: TimerHandle | undefined;
  #opening = false;

  /** `onChange` is called when it was closed or opened. */
  constructor(
    go: (delivery: Delivery) => void,
    buckets: readonly TokenBucket[],
    clock: Clock,
    onChange: () => void,
  ) {
    this.#go = go;
    this.#buckets = buckets;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** What waits is measured by these from now on. */
  setBuckets(buckets: readonly TokenBucket[]): void {
    this.#buckets = buckets;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#open();
  }

  /** Lets the delivery go on, now or when the gate is open and it has a token of each rate limit. */
  pass(delivery: Delivery): void {
    const free = this.#buckets.length === 0 && this.#closedBy.size === 0 && this.#waiting.length === 0;
    if (free) return this.#go(delivery);
    this.#waiting.push(delivery);
    this.#open();
  }

  /** Nothing passes while any reason is set. */
  close(reason: string): void {
    this.#closedBy.add(reason);
    this.#onChange();
  }

  open(reason: string): void {
    if (!this.#closedBy.delete(reason)) return;
    this.#open();
    this.#onChange();
  }

  isClosedBy(reason: string): boolean {
    return this.#closedBy.has(reason);
  }

  /** Forgets what waits, for good; the deliveries are the caller's. */
  shut(): void {
    this.#closedBy.add('shut');
    this.#waiting.clear();
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
  }

  #open(): void {
    if (this.#opening) return;
    this.#opening = true;
    while (this.#waiting.length > 0 && this.#closedBy.size === 0 && this.#takeTokens()) {
      const delivery = this.#waiting.shift();
      if (delivery !== undefined) this.#go(delivery);
    }
    this.#opening = false;
  }

  /** One token of every bucket, or none of any and a timer for the next try. */
  #takeTokens(): boolean {
    let wait = 0;
    for (const bucket of this.#buckets) wait = Math.max(wait, bucket.waitMs());
    if (wait === 0) {
      for (const bucket of this.#buckets) bucket.tryTake();
      return true;
    }
    if (this.#timer === undefined) {
      this.#timer = this.#clock.setTimeout(() => {
        this.#timer = undefined;
        this.#open();
      }, wait);
    }
    return false;
  }
}
