/**
 * Admission to sending, first come first served: a place in flight, a token of the rate limit, and a place in
 * every result reader's buffer. Publishes that find all three go at once; the others wait here.
 */
import type { Clock, TimerHandle } from '../clock.js';
import { Deque } from '../util/deque.js';
import type { TokenBucket } from '../util/token-bucket.js';
import type { PublishJob } from './publish-job.js';
import type { PublishResults } from './publish-results.js';

/** How long publishing may wait for a result reader before that is reported. */
const STALL_REPORT_MS = 1_000;

export class Admission {
  readonly #maxInFlight: number;
  readonly #bucket: TokenBucket | undefined;
  readonly #results: PublishResults;
  readonly #clock: Clock;
  readonly #admit: (job: PublishJob) => void;
  readonly #onStalled: () => void;
  readonly #waiting = new Deque<PublishJob>();
  #inFlight = 0;
  #rateTimer: TimerHandle | undefined;
  #stallTimer: TimerHandle | undefined;
  #pumping = false;

  constructor(options: {
    maxInFlight: number;
    bucket: TokenBucket | undefined;
    results: PublishResults;
    clock: Clock;
    admit: (job: PublishJob) => void;
    onStalled: () => void;
  }) {
    this.#maxInFlight = options.maxInFlight;
    this.#bucket = options.bucket;
    this.#results = options.results;
    this.#clock = options.clock;
    this.#admit = options.admit;
    this.#onStalled = options.onStalled;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** True if the next waiting publish waits for a result reader. */
  get stalledByReader(): boolean {
    return !this.#results.haveRoom;
  }

  /** Admits the job at once if it need not wait; the caller goes on with it then. */
  tryEnter(job: PublishJob): boolean {
    if (this.#waiting.length > 0 || this.#inFlight >= this.#maxInFlight) return false;
    if (job.envelope !== undefined && this.#results.readers.length > 0 && !this.#results.haveRoom)
      return false;
    if (this.#bucket !== undefined && !this.#bucket.tryTake()) return false;
    this.#enter(job);
    return true;
  }

  /** Queues the job; `admit` is called with it when it is its turn. */
  wait(job: PublishJob): void {
    this.#waiting.push(job);
    this.pump();
  }

  /** The job's place is free again. */
  leave(): void {
    this.#inFlight--;
    if (this.#waiting.length > 0) this.pump();
  }

  /** Admits what can be admitted, and arranges to be called again. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let job = this.#waiting.peek(); job !== undefined; job = this.#waiting.peek()) {
        if (!job.settled) {
          if (this.#inFlight >= this.#maxInFlight) break;
          if (job.envelope !== undefined && !this.#results.haveRoom) {
            this.#watchStall();
            break;
          }
          if (this.#bucket !== undefined && !this.#bucket.tryTake()) {
            this.#waitForToken(this.#bucket);
            break;
          }
        }
        this.#waiting.shift();
        if (job.settled) continue;
        this.#enter(job);
        this.#admit(job);
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** Forgets what waits and the timers; the caller has settled those jobs. */
  close(): void {
    this.#waiting.clear();
    if (this.#rateTimer !== undefined) this.#clock.clearTimeout(this.#rateTimer);
    if (this.#stallTimer !== undefined) this.#clock.clearTimeout(this.#stallTimer);
  }

  #enter(job: PublishJob): void {
    this.#inFlight++;
    job.admitted = true;
    if (job.envelope === undefined) return;
    const readers = this.#results.readers;
    if (readers.length === 0) return;
    for (const reader of readers) reader.reserve();
    job.readers = readers;
  }

  #waitForToken(bucket: TokenBucket): void {
    if (this.#rateTimer !== undefined) return;
    this.#rateTimer = this.#clock.setTimeout(() => {
      this.#rateTimer = undefined;
      this.pump();
    }, bucket.waitMs());
  }

  #watchStall(): void {
    if (this.#stallTimer !== undefined) return;
    this.#stallTimer = this.#clock.setTimeout(() => {
      this.#stallTimer = undefined;
      const next = this.#waiting.peek();
      if (next !== undefined && !next.settled && !this.#results.haveRoom) this.#onStalled();
    }, STALL_REPORT_MS);
  }
}
