/**
 * Publishing: admission, send order, middleware, one driver attempt after the other, and the caller's promise.
 *
 * A publish that need not wait and whose driver answers at once costs one record and one promise. Everything
 * else (waiting, deadlines, retries, middleware) is paid for by those publishes that need it.
 */
import type { Clock } from '../clock.js';
import type { Driver } from '../driver/driver.js';
import type { SendReceipt } from '../driver/message.js';
import { abortError, BusClosedError, EbusError, PublishError, PublishTimeoutError } from '../errors.js';
import type { MetricsCollector } from '../metrics/collector.js';
import type { PublishMiddleware, PublishReceipt } from '../pipeline/context.js';
import type { PublishRecord } from '../pipeline/message.js';
import { AbortListeners } from '../util/abort-listeners.js';
import { type BackoffOptions, backoffDelay } from '../util/backoff.js';
import type { Breather } from '../util/breather.js';
import { DeadlineQueue } from '../util/deadline-queue.js';
import { isPromise } from '../util/promise.js';
import type { TokenBucket } from '../util/token-bucket.js';
import { Admission } from './admission.js';
import { FlushEpochs } from './flush-epochs.js';
import type { PublishJob } from './publish-job.js';
import { PublishResults, type ResultReader } from './publish-results.js';
import { deadLetterOf } from './publisher-dead-letter.js';
import type { TopicRoute } from './topic-route.js';
import type { PublishResult } from './types.js';

export interface PublisherOptions {
  driver: Driver;
  clock: Clock;
  breather: Breather;
  maxInFlight: number;
  bucket: TokenBucket | undefined;
  backoff: BackoffOptions;
  metrics: MetricsCollector | undefined;
  /** Where envelopes go whose publish failed for good; none if `undefined`. */
  deadLetterRoute: (() => TopicRoute) | undefined;
  events: PublisherEvents;
}

/** What the bus wants to hear; `wants…` keeps the hot path from making objects that nobody reads. */
export interface PublisherEvents {
  readonly wantsPublished: boolean;
  published(receipt: PublishReceipt, job: PublishJob): void;
  publishFailed(error: EbusError, job: PublishJob): void;
  resultsStalled(): void;
}

/** Publishes answered at once before the time is looked at. */
const BURST = 64;

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #driver: Driver;
  readonly #clock: Clock;
  readonly #admission: Admission;
  readonly #results: PublishResults;
  readonly #deadlines: DeadlineQueue<PublishJob>;
  readonly #flushes = new FlushEpochs();
  readonly #aborts = new AbortListeners<PublishJob>((job) => {
    this.#fail(job, abortError(job.options.signal as AbortSignal, `publishing to '${job.topic}'`));
  });
  readonly #pending = new Set<PublishJob>();
  #middleware: PublishMiddleware | undefined;
  #burst = 0;
  #refusing = false;
  #closed = false;
  /** Totals since the bus was made. */
  published = 0;
  failed = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#driver = options.driver;
    this.#clock = options.clock;
    this.#results = new PublishResults(() => this.#admission.pump());
    this.#deadlines = new DeadlineQueue<PublishJob>(options.clock, (job) => this.#expire(job));
    this.#admission = new Admission({
      maxInFlight: options.maxInFlight,
      bucket: options.bucket,
      results: this.#results,
      clock: options.clock,
      admit: (job) => this.#begin(job),
      onStalled: () => options.events.resultsStalled(),
    });
  }

  /** Publishes sent or waiting whose callers do not know the outcome yet. */
  get open(): number {
    return this.#flushes.open;
  }

  /** The composed publish middleware; applies to publishes from now on. */
  setMiddleware(middleware: PublishMiddleware | undefined): void {
    this.#middleware = middleware;
  }

  openResults(signal?: AbortSignal): ResultReader {
    return this.#results.open(signal);
  }

  /** Resolves when everything submitted so far is acknowledged or failed. */
  flush(): Promise<void> {
    return this.#flushes.settled();
  }

  /** Sends a record. Records of one topic and key are written in the order of these calls. */
  submit(job: PublishJob): Promise<PublishReceipt> {
    if (this.#refusing) return this.#reject(job, new BusClosedError());
    const { signal } = job.options;
    if (signal?.aborted === true)
      return this.#reject(job, abortError(signal, `publishing to '${job.topic}'`));
    job.deadline = this.#clock.now() + job.options.timeout;
    if (this.#options.metrics !== undefined) job.startedAt = performance.now();

    if (!this.#admission.tryEnter(job)) {
      const outcome = this.#track(job);
      this.#admission.wait(job);
      return outcome;
    }
    if (
      (this.#middleware !== undefined && !job.verbatim) ||
      (job.orderKey !== undefined && !job.route.order.isFree(job.orderKey))
    ) {
      const outcome = this.#track(job);
      this.#begin(job);
      return outcome;
    }
    return this.#sendAtOnce(job);
  }

  /** No new publishes from now on; those under way go on. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Fails what is still open, ends the result readers, and refuses everything from now on. */
  close(): { unpublished: number } {
    this.#refusing = true;
    this.#closed = true;
    const unpublished = this.#pending.size;
    for (const job of [...this.#pending]) {
      const sent = job.sent
        ? 'was not acknowledged before the bus closed; it may still arrive'
        : 'was not sent';
      this.#fail(job, new BusClosedError(`the bus closed: the message to '${job.topic}' ${sent}`));
    }
    this.#results.end();
    this.#admission.close();
    this.#deadlines.clear();
    return { unpublished };
  }

  /** The fast path: nothing to wait for. */
  #sendAtOnce(job: PublishJob): Promise<PublishReceipt> {
    job.attempts = 1;
    job.sent = true;
    let receipt: SendReceipt | Promise<SendReceipt>;
    try {
      receipt = this.#driver.send(job);
    } catch (error) {
      const outcome = this.#track(job);
      this.#enterOrder(job);
      this.#attemptFailed(job, error);
      return outcome;
    }
    if (!isPromise(receipt)) {
      this.#admission.leave();
      job.settled = true;
      return this.#answer(this.#noteSuccess(job, receipt));
    }
    const outcome = this.#track(job);
    if (!job.route.retriesInClient && this.#enterOrder(job) && job.orderKey !== undefined) {
      job.route.order.sent(job.orderKey, job);
    }
    this.#awaitReceipt(job, receipt);
    return outcome;
  }

  /** Now and then the promise takes a turn of the event loop: a loop that awaits each publish starves nobody. */
  #answer(receipt: PublishReceipt): Promise<PublishReceipt> {
    const { breather } = this.#options;
    const breath = ++this.#burst % BURST === 0 ? breather.due() : breather.pending;
    return breath === undefined ? Promise.resolve(receipt) : breath.then(() => receipt);
  }

  /** Makes the caller's promise, and bounds it by deadline and signal. */
  #track(job: PublishJob): Promise<PublishReceipt> {
    const outcome = new Promise<PublishReceipt>((resolve, reject) => {
      job.resolve = resolve;
      job.reject = reject;
    });
    job.epoch = this.#flushes.begin();
    this.#pending.add(job);
    this.#deadlines.add(job, job.deadline);
    const { signal } = job.options;
    if (signal !== undefined) this.#aborts.add(signal, job);
    return outcome;
  }

  #enterOrder(job: PublishJob): boolean {
    if (job.orderKey === undefined) return true;
    job.ordered = true;
    return job.route.order.enter(job.orderKey, job);
  }

  /** The job is admitted: it goes as soon as it has the turn of its key. */
  #begin(job: PublishJob): void {
    job.go = () => this.#run(job);
    if (this.#enterOrder(job)) this.#run(job);
  }

  #run(job: PublishJob): void {
    if (job.settled) return this.#release(job);
    if (this.#middleware === undefined || job.verbatim) this.#attempt(job);
    else void this.#runMiddleware(job, this.#middleware);
  }

  async #runMiddleware(job: PublishJob, middleware: PublishMiddleware): Promise<void> {
    job.busy = true;
    let called = false;
    const next = (): Promise<PublishReceipt> => {
      if (called) return Promise.reject(new EbusError('publish middleware called next() twice'));
      called = true;
      return new Promise((resolve, reject) => {
        job.inner = { resolve, reject };
        this.#attempt(job);
      });
    };
    try {
      // Only verbatim messages have keys that are not text, and those do not come here.
      const receipt = await middleware(job as PublishJob & PublishRecord, next);
      job.busy = false;
      this.#succeed(job, receipt);
    } catch (error) {
      job.busy = false;
      this.#fail(job, this.#toError(job, error));
    }
    this.#release(job);
  }

  #attempt(job: PublishJob): void {
    if (job.settled) return this.#attemptRejected(job, new BusClosedError('the publish was given up'));
    job.attempts++;
    job.sent = true;
    let receipt: SendReceipt | Promise<SendReceipt>;
    try {
      receipt = this.#driver.send(job);
    } catch (error) {
      this.#attemptFailed(job, error);
      return;
    }
    if (job.orderKey !== undefined) job.route.order.sent(job.orderKey, job);
    if (isPromise(receipt)) this.#awaitReceipt(job, receipt);
    else this.#attemptDone(job, receipt);
  }

  #awaitReceipt(job: PublishJob, receipt: Promise<SendReceipt>): void {
    job.busy = true;
    receipt.then(
      (value) => this.#attemptDone(job, value),
      (error: unknown) => this.#attemptFailed(job, error),
    );
  }

  #attemptDone(job: PublishJob, receipt: SendReceipt): void {
    if (job.inner !== undefined) return job.inner.resolve(toReceipt(job.topic, receipt));
    job.busy = false;
    this.#succeed(job, toReceipt(job.topic, receipt));
    this.#release(job);
  }

  #attemptFailed(job: PublishJob, cause: unknown): void {
    const error = this.#toError(job, cause);
    if (!job.settled && this.#mayRetry(job, error)) {
      const delay = backoffDelay(this.#options.backoff, job.attempts);
      if (this.#clock.now() + delay < job.deadline) return this.#retryAfter(job, delay);
    }
    this.#attemptRejected(job, error);
  }

  #attemptRejected(job: PublishJob, error: EbusError): void {
    if (job.inner !== undefined) return job.inner.reject(error);
    job.busy = false;
    this.#fail(job, error);
    this.#release(job);
  }

  #mayRetry(job: PublishJob, error: EbusError): boolean {
    if (!error.retryable || job.route.retriesInClient || job.attempts > job.options.retries) return false;
    return job.orderKey === undefined || job.route.order.retake(job.orderKey, job);
  }

  #retryAfter(job: PublishJob, delay: number): void {
    job.busy = false;
    const timer = this.#clock.setTimeout(() => {
      job.cancelBackoff = undefined;
      this.#attempt(job);
    }, delay);
    job.cancelBackoff = () => {
      this.#clock.clearTimeout(timer);
      job.cancelBackoff = undefined;
      this.#attempt(job);
    };
  }

  #expire(job: PublishJob): void {
    if (!job.admitted && job.envelope !== undefined && this.#admission.stalledByReader) {
      const error = new PublishError(
        `publishing to '${job.topic}' waited ${job.options.timeout} ms for a reader of publishResults() ` +
          'that does not read; it was not sent',
        { code: 'RESULTS_BACKPRESSURE', retryable: true },
      );
      return this.#fail(job, error);
    }
    const what = job.sent
      ? `was not acknowledged within ${job.options.timeout} ms; it may still arrive`
      : `was not sent within ${job.options.timeout} ms`;
    this.#fail(
      job,
      new PublishTimeoutError(`the message to '${job.topic}' over ${this.#driver.system} ${what}`),
    );
  }

  #reject(job: PublishJob, error: EbusError): Promise<never> {
    job.span?.end(error);
    return Promise.reject(error);
  }

  #succeed(job: PublishJob, receipt: PublishReceipt): void {
    if (!this.#settle(job)) return;
    this.#noteSuccess(job, receipt);
    job.resolve?.(receipt);
  }

  #fail(job: PublishJob, error: EbusError): void {
    if (job.settled || job.deadLettering) return;
    const route = this.#options.deadLetterRoute;
    if (
      route !== undefined &&
      job.envelope !== undefined &&
      job.sent &&
      !this.#closed &&
      error.code !== 'ABORTED'
    ) {
      void this.#failIntoDeadLetter(job, error, route());
    } else {
      this.#settleFailed(job, error);
    }
  }

  async #failIntoDeadLetter(job: PublishJob, error: EbusError, route: TopicRoute): Promise<void> {
    if (route.topic === job.topic) return this.#settleFailed(job, error);
    job.deadLettering = true;
    this.#deadlines.remove(job);
    try {
      await this.submit(deadLetterOf(job, route, error, this.#clock.now()));
    } catch (cause) {
      this.#options.events.publishFailed(this.#toError(job, cause), job);
    }
    this.#settleFailed(job, error);
  }

  #settleFailed(job: PublishJob, error: EbusError): void {
    if (!this.#settle(job)) return;
    this.failed++;
    const { metrics, events } = this.#options;
    if (metrics !== undefined) {
      metrics.recordPublish(job.topic, false, (performance.now() - job.startedAt) / 1000);
      metrics.recordError(error.code, job.topic);
    }
    job.span?.end(error);
    if (job.envelope !== undefined) this.#deliverResult(job, { ok: false, error });
    events.publishFailed(error, job);
    job.reject?.(error);
    if (job.cancelBackoff !== undefined) job.cancelBackoff();
    else if (!job.busy) this.#release(job);
  }

  /** Counts, reports and traces a success; used by the fast path as well. */
  #noteSuccess(job: PublishJob, receipt: SendReceipt): PublishReceipt {
    this.published++;
    const { metrics, events } = this.#options;
    const full = 'topic' in receipt ? (receipt as PublishReceipt) : toReceipt(job.topic, receipt);
    if (metrics !== undefined) {
      metrics.recordPublish(job.topic, true, (performance.now() - job.startedAt) / 1000);
    }
    if (job.span !== undefined) job.span.end();
    if (job.readers.length > 0) this.#deliverResult(job, { ok: true, receipt: full });
    if (events.wantsPublished) events.published(full, job);
    return full;
  }

  /** The caller may know now; false if it knew already. */
  #settle(job: PublishJob): boolean {
    if (job.settled) return false;
    job.settled = true;
    this.#deadlines.remove(job);
    this.#pending.delete(job);
    if (job.options.signal !== undefined) this.#aborts.remove(job.options.signal, job);
    if (job.epoch !== undefined) this.#flushes.settle(job.epoch);
    // It waited at the head, perhaps: those behind it may go now.
    if (!job.admitted && !this.#closed) this.#admission.pump();
    return true;
  }

  #deliverResult(job: PublishJob, outcome: ResultOutcome): void {
    const { envelope } = job;
    if (envelope === undefined) return;
    const { eventId, aggregateId, eventType, timestamp } = envelope;
    const result: PublishResult = {
      eventId,
      aggregateId,
      eventType,
      topic: job.topic,
      timestamp,
      ...outcome,
    };
    for (const reader of job.readers) reader.deliver(result);
  }

  /** Frees the places of an admitted job, once nobody works on it any more. Idempotent. */
  #release(job: PublishJob): void {
    if (!job.admitted || job.released) return;
    job.released = true;
    if (job.ordered && job.orderKey !== undefined) job.route.order.leave(job.orderKey, job);
    this.#admission.leave();
  }

  #toError(job: PublishJob, error: unknown): EbusError {
    if (EbusError.isInstance(error)) return error;
    const { code, retryable } = this.#driver.classify(error);
    const reason = error instanceof Error ? error.message : String(error);
    const text = `publishing to '${job.topic}' over ${this.#driver.system} failed: ${reason}`;
    return new PublishError(text, { code, retryable, cause: error });
  }
}

type ResultOutcome = { ok: true; receipt: PublishReceipt } | { ok: false; error: EbusError };

function toReceipt(topic: string, receipt: SendReceipt): PublishReceipt {
  if (receipt.duplicate === true) return { topic, ...receipt };
  return receipt.position === undefined ? { topic } : { topic, position: receipt.position };
}
