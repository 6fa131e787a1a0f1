/** The gate right before an attempt: pause, halt of an unordered subscription, rate limit. */
import type { Clock } from '../clock.js';
import { Deque } from '../util/deque.js';
import { RateLimit } from '../util/rate-limit.js';
import type { TokenBucket } from '../util/token-bucket.js';
import type { Delivery } from './delivery.js';

/** Lets deliveries through in order while it is open and every rate limit has a token. */
export class StartGate {
  readonly #go: (delivery: Delivery) => void;
  readonly #rate: RateLimit;
  readonly #onChange: () => void;
  readonly #waiting = new Deque<Delivery>();
  readonly #closedBy = new Set<string>();
  #opening = false;

  /** `onChange` is called when it was closed or opened. */
  constructor(
    go: (delivery: Delivery) => void,
    buckets: readonly TokenBucket[],
    clock: Clock,
    onChange: () => void,
  ) {
    this.#go = go;
    this.#rate = new RateLimit(clock, buckets, () => this.#open());
    this.#onChange = onChange;
  }

  /** Waiting deliveries are measured by these from now on. */
  setBuckets(buckets: readonly TokenBucket[]): void {
    this.#rate.setBuckets(buckets);
    this.#open();
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes out the one that came last; undefined where none waits. */
  takeLast(): Delivery | undefined {
    return this.#waiting.pop();
  }

  /** Lets the delivery go on, now or when the gate is open and it has a token of each rate limit. */
  pass(delivery: Delivery): void {
    const free = !this.#rate.isLimited && this.#closedBy.size === 0 && this.#waiting.length === 0;
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

  /** Forgets waiting deliveries, for good; the deliveries are the caller's. */
  shut(): void {
    this.#closedBy.add('shut');
    this.#waiting.clear();
    this.#rate.stop();
  }

  #open(): void {
    if (this.#opening) return;
    this.#opening = true;
    while (this.#waiting.length > 0 && this.#closedBy.size === 0 && this.#rate.tryTake()) {
      const delivery = this.#waiting.shift();
      if (delivery !== undefined) this.#go(delivery);
    }
    this.#opening = false;
  }
}
