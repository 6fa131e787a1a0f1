/**
 * Admission to sending: a connection, a place in flight, a token of the rate limit, and for envelopes a place in every result reader's
 * buffer. Publishes that find all of these go at once; the others wait here, those for readers apart from the others.
 * A publish that waits for its key or its next attempt is not here and holds no place, so it delays no other.
 */
import type { Clock, TimerHandle } from '../clock.js';
import { RateLimit } from '../util/rate-limit.js';
import type { TokenBucket } from '../util/token-bucket.js';
import type { ConnectionGate } from './connection-gate.js';
import { JobQueue } from './job-queue.js';
import type { Places, PublishJob } from './publish-job.js';
import type { PublishResults } from './publish-results.js';

/** How long publishing may wait for a result reader before that is reported. */
const STALL_REPORT_MS = 1_000;

/** Bound, rate limit and readers of one kind of publish. */
export interface AdmissionOptions {
  maxInFlight: number;
  bucket: TokenBucket | undefined;
  results: PublishResults;
  connection: ConnectionGate;
  clock: Clock;
  onStalled: () => void;
}

/** Admits publishes in call order. Messages and envelopes take turns where both wait. */
export class Admission implements Places {
  readonly #options: AdmissionOptions;
  readonly #maxInFlight: number;
  readonly #rate: RateLimit;
  readonly #connection: ConnectionGate;
  readonly #messages = new JobQueue<PublishJob>();
  readonly #envelopes = new JobQueue<PublishJob>();
  /** Admitted before, and back for another attempt: a place is all that they need, and they get it first. */
  readonly #returning = new JobQueue<PublishJob>();
  #inFlight = 0;
  /** Messages and envelopes take turns where both wait. */
  #envelopesNext = false;
  #stallTimer: TimerHandle | undefined;
  #pumping = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#maxInFlight = options.maxInFlight;
    const { clock, bucket } = options;
    this.#rate = new RateLimit(clock, bucket === undefined ? [] : [bucket], () => this.pump());
    this.#connection = options.connection;
  }

  /** True while publishes that yield results wait for a reader. */
  get stalledByReader(): boolean {
    return !this.#options.results.haveRoom;
  }

  /** Admits the job at once if it need not wait; the caller goes on with it then. */
  tryEnter(job: PublishJob): boolean {
    if (!this.#connection.isOpen) return false;
    if (this.#inFlight >= this.#maxInFlight || this.#returning.first !== undefined) return false;
    if (!job.entered && !this.#mayEnter(job)) return false;
    this.#enter(job);
    return true;
  }

  /** Queues the job; it proceeds when it has been admitted. */
  wait(job: PublishJob): void {
    this.#queueOf(job).push(job);
    this.pump();
  }

  /** The job needs its place no longer, or not for now. */
  leave(job: PublishJob): void {
    job.hasPlace = false;
    this.#inFlight--;
    if (this.#messages.first ?? this.#envelopes.first ?? this.#returning.first) this.pump();
  }

  /** Admits what can be admitted, and arranges to be called again. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let job = this.#next(); job !== undefined; job = this.#next()) {
        job.queue?.remove(job);
        this.#enter(job);
        job.proceed();
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** Forgets the timers; the caller has settled the waiting jobs. */
  close(): void {
    const { clock } = this.#options;
    this.#rate.stop();
    if (this.#stallTimer !== undefined) clock.clearTimeout(this.#stallTimer);
  }

  /** No other job waits for the same, and the job's needs besides a place are met. */
  #mayEnter(job: PublishJob): boolean {
    if (job.envelope === undefined) {
      if (this.#messages.first !== undefined) return false;
    } else if (this.#envelopes.first !== undefined || !this.#readersHaveRoom()) return false;
    return !this.#rate.isLimited || (!this.#rate.isWaiting && this.#rate.tryTake());
  }

  #queueOf(job: PublishJob): JobQueue<PublishJob> {
    if (job.entered) return this.#returning;
    return job.envelope === undefined ? this.#messages : this.#envelopes;
  }

  /** The first of those that wait, if it can be admitted now. */
  #next(): PublishJob | undefined {
    if (this.#inFlight >= this.#maxInFlight || !this.#connection.isOpen) return undefined;
    if (this.#returning.first !== undefined) return this.#returning.first;
    const message = this.#messages.first;
    const envelope = this.#firstEnvelope();
    const job = this.#envelopesNext ? (envelope ?? message) : (message ?? envelope);
    return job !== undefined && this.#rate.isLimited && !this.#rate.tryTake() ? undefined : job;
  }

  #firstEnvelope(): PublishJob | undefined {
    const { first } = this.#envelopes;
    if (first === undefined || this.#readersHaveRoom()) return first;
    this.#watchStall();
    return undefined;
  }

  #readersHaveRoom(): boolean {
    const { results } = this.#options;
    return results.readers.length === 0 || results.haveRoom;
  }

  #enter(job: PublishJob): void {
    this.#inFlight++;
    job.hasPlace = true;
    if (job.entered) return;
    job.entered = true;
    this.#envelopesNext = job.envelope === undefined;
    if (job.envelope === undefined) return;
    const { readers } = this.#options.results;
    if (readers.length === 0) return;
    for (const reader of readers) reader.reserve();
    job.readers = readers;
  }

  #watchStall(): void {
    if (this.#stallTimer !== undefined) return;
    this.#stallTimer = this.#options.clock.setTimeout(() => {
      this.#stallTimer = undefined;
      if (this.#envelopes.length > 0 && this.stalledByReader) this.#options.onStalled();
    }, STALL_REPORT_MS);
  }
}
