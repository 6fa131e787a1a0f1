/** How publishes end: the caller's promise and what bounds it, results, events, metrics, the dead letter. */
import type { Clock } from '../clock.js';
import { driverError } from '../driver/classified.js';
import type { Driver } from '../driver/driver.js';
import type { SendReceipt } from '../driver/message.js';
import { abortError, BusClosedError, type EbusError, PublishError, PublishTimeoutError } from '../errors.js';
import type { MetricsCollector } from '../metrics/collector.js';
import type { PublishReceipt } from '../pipeline/context.js';
import { AbortListeners } from '../util/abort-listeners.js';
import { DeadlineQueue } from '../util/deadline-queue.js';
import type { ConnectionGate } from './connection-gate.js';
import { FlushEpochs } from './flush-epochs.js';
import { isGivenUp, type PublishJob } from './publish-job.js';
import { type PublisherDeadLetters, writeDeadLetter } from './publisher-dead-letter.js';
import type { PublishResult } from './types.js';

/** Events for the bus; `wants…` keeps the hot path from making unread objects. */
export interface PublisherEvents {
  readonly wantsPublished: boolean;
  published(receipt: PublishReceipt, job: PublishJob): void;
  publishFailed(error: EbusError, job: PublishJob): void;
  resultsStalled(): void;
  /** A reader of results was closed, with unread failures. */
  failuresUnread(count: number): void;
}

/** Who is told of outcomes, and where dead letters go. */
export interface OutcomesOptions {
  driver: Driver;
  connection: ConnectionGate;
  clock: Clock;
  metrics: MetricsCollector | undefined;
  events: PublisherEvents;
  deadLetters: PublisherDeadLetters | undefined;
}

/** Settles each publish once: promise, result, events, metrics, dead letter. */
export class Outcomes {
  readonly #options: OutcomesOptions;
  readonly #deadlines: DeadlineQueue<PublishJob>;
  readonly #flushes = new FlushEpochs();
  readonly #aborts: AbortListeners<PublishJob>;
  readonly #pending = new Set<PublishJob>();
  #closed = false;
  published = 0;
  failed = 0;
  /** Milliseconds that the publishes which were measured took together, and how many those were. */
  measuredMs = 0;
  measured = 0;

  constructor(options: OutcomesOptions) {
    this.#options = options;
    this.#deadlines = new DeadlineQueue<PublishJob>(options.clock, (job) => this.#expire(job));
    this.#aborts = new AbortListeners<PublishJob>((job) => {
      this.fail(job, abortError(job.options.signal as AbortSignal, `publishing to '${job.topic}'`));
    });
  }

  /** Publishes whose callers do not know the outcome yet. */
  get open(): number {
    return this.#pending.size;
  }

  /** Resolves when all jobs tracked so far have settled. */
  flush(): Promise<void> {
    return this.#flushes.settled();
  }

  /** Makes the caller's promise, and bounds it by deadline and signal. */
  track(job: PublishJob): Promise<PublishReceipt> {
    const outcome = new Promise<PublishReceipt>((resolve, reject) => {
      job.resolve = resolve;
      job.reject = reject;
    });
    job.outcome = outcome;
    job.epoch = this.#flushes.begin();
    job.route.open++;
    this.#pending.add(job);
    this.#deadlines.add(job, job.deadline);
    if (job.options.signal !== undefined) this.#aborts.add(job.options.signal, job);
    return outcome;
  }

  /** True where the job is not worth another step: its caller knows the outcome, or soon will. */
  isOver(job: PublishJob): boolean {
    return isGivenUp(job) || this.#closed;
  }

  succeed(job: PublishJob, receipt: PublishReceipt): void {
    if (!this.#settle(job)) return;
    this.noteSuccess(job, receipt);
    job.resolve?.(receipt);
  }

  fail(job: PublishJob, error: EbusError): void {
    if (isGivenUp(job)) return;
    const { deadLetters } = this.#options;
    const mayDeadLetter = job.envelope !== undefined && job.sent && !this.#closed && error.code !== 'ABORTED';
    if (deadLetters !== undefined && mayDeadLetter) void this.#failIntoDeadLetter(job, error, deadLetters);
    else this.#settleFailed(job, error);
  }

  /** Frees the resources of a tracked job, once no work on it is left. Idempotent. */
  release(job: PublishJob): void {
    if (job.released) return;
    job.released = true;
    job.route.open--;
    if (job.ordered && job.orderKey !== undefined) job.route.order.leave(job.orderKey, job);
    if (job.hasPlace) job.admission.leave(job);
  }

  /** Counts, reports and traces a success; all that the fast path needs. */
  noteSuccess(job: PublishJob, receipt: SendReceipt): PublishReceipt {
    this.published++;
    const { events } = this.#options;
    const full = toReceipt(job.topic, receipt);
    if (receipt.position !== undefined) job.route.published.note(receipt.position);
    else job.route.unplaced++;
    if (job.startedAt >= 0) this.#measure(job, true);
    if (job.span !== undefined) job.span.end(undefined, receipt, job.attempts);
    if (full.duplicate === true && isUnexpected(job)) this.#options.metrics?.recordDuplicate?.(job.topic);
    if (job.readers.length > 0) this.#deliverResult(job, { ok: true, receipt: full });
    if (events.wantsPublished) events.published(full, job);
    return full;
  }

  /** Fails jobs that wait to be sent. */
  failWaiting(error: EbusError): void {
    for (const job of [...this.#pending]) if (job.queue !== undefined) this.fail(job, error);
  }

  /** Fails all open jobs. Returns their number. */
  close(): number {
    this.#closed = true;
    const open = [...this.#pending];
    for (const job of open) {
      const sent = job.sent
        ? 'was not acknowledged before the bus closed; it may still arrive'
        : 'was not sent';
      this.#settleFailed(job, new BusClosedError(`the bus closed: the message to '${job.topic}' ${sent}`));
    }
    this.#deadlines.clear();
    return open.length;
  }

  toError({ topic }: PublishJob, error: unknown): EbusError {
    return driverError(this.#options.driver, error, `publishing to '${topic}'`, 'PUBLISH_FAILED');
  }

  #expire(job: PublishJob): void {
    const { topic, options, sent } = job;
    if (!job.entered && job.envelope !== undefined && job.admission.stalledByReader) {
      const text =
        `publishing to '${topic}' waited ${options.timeout} ms for a reader of publishResults() ` +
        'that does not read; it was not sent';
      return this.fail(job, new PublishError(text, { code: 'RESULTS_BACKPRESSURE', retryable: true }));
    }
    const what = sent
      ? `was not acknowledged within ${options.timeout} ms; it may still arrive`
      : `was not sent within ${options.timeout} ms${because(this.#options.connection.why)}`;
    const text = `the message to '${topic}' over ${this.#options.driver.system} ${what}`;
    this.fail(job, new PublishTimeoutError(text));
  }

  async #failIntoDeadLetter(
    job: PublishJob,
    error: EbusError,
    deadLetters: PublisherDeadLetters,
  ): Promise<void> {
    if (deadLetters.topic === job.topic) return this.#settleFailed(job, error);
    const { clock, events } = this.#options;
    job.deadLettering = true;
    this.#deadlines.remove(job);
    this.#giveUp(job);
    try {
      await writeDeadLetter(job, deadLetters, error, clock);
    } catch (cause) {
      events.publishFailed(this.toError(job, cause), job);
    }
    this.#settleFailed(job, error);
  }

  #settleFailed(job: PublishJob, error: EbusError): void {
    if (!this.#settle(job)) return;
    this.failed++;
    const { metrics, events } = this.#options;
    if (job.startedAt >= 0) this.#measure(job, false);
    metrics?.recordError(error.code, job.topic);
    job.span?.end(error, undefined, job.attempts);
    // A caller that does not await has its reader to tell it: without that, Node ends the process.
    if (this.#deliverResult(job, { ok: false, error })) job.outcome?.catch(() => {});
    events.publishFailed(error, job);
    job.reject?.(error);
    this.#giveUp(job);
  }

  /** Ends each wait of the job. The driver lets it go when it answers; middleware that sends it now is refused. */
  #giveUp(job: PublishJob): void {
    job.cancelBackoff?.();
    if (job.queue !== undefined) {
      job.queue.remove(job);
      job.proceed();
    }
    if (job.inMiddleware) this.release(job);
  }

  #measure(job: PublishJob, ok: boolean): void {
    const ms = this.#options.clock.monotonic() - job.startedAt;
    this.measuredMs += ms;
    this.measured++;
    this.#options.metrics?.recordPublish(job.topic, ok, ms / 1_000);
  }

  /** The caller may know now; false if it knew already. */
  #settle(job: PublishJob): boolean {
    if (job.settled) return false;
    job.settled = true;
    this.#deadlines.remove(job);
    this.#pending.delete(job);
    if (job.options.signal !== undefined) this.#aborts.remove(job.options.signal, job);
    if (job.epoch !== undefined) this.#flushes.settle(job.epoch);
    return true;
  }

  /** True where a reader has it now. */
  #deliverResult(job: PublishJob, outcome: ResultOutcome): boolean {
    const { envelope, topic } = job;
    if (envelope === undefined) return false;
    const { eventId, aggregateId, eventType, timestamp } = envelope;
    const result: PublishResult = { eventId, aggregateId, eventType, topic, timestamp, ...outcome };
    let delivered = false;
    for (const reader of job.readers) delivered = reader.deliver(result) || delivered;
    return delivered;
  }
}

/** The broker knew its id before this process had sent it: an outbox that goes on after a crash, or a stranger. */
export function isUnexpected(job: PublishJob): boolean {
  return job.attempts <= 1;
}

type ResultOutcome = { ok: true; receipt: PublishReceipt } | { ok: false; error: EbusError };

const because = (why: string | undefined) => (why === undefined ? '' : `: ${why}`);

/** A driver's receipt as the caller gets it. */
export function toReceipt(topic: string, receipt: SendReceipt): PublishReceipt {
  if (receipt.topic !== undefined) return receipt as PublishReceipt;
  if (receipt.duplicate === true) return { topic, ...receipt };
  return receipt.position === undefined ? { topic } : { topic, position: receipt.position };
}
