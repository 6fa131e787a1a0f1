/**
 * Publishing: the way of a record from the call to the caller's promise.
 *
 * A publish that need not wait and whose driver answers at once costs one record and one promise. The other
 * costs (waiting, deadlines, retries, middleware) are paid by those publishes that need them: `send-order.ts` gives them
 * their turn, `admission.ts` lets them in, `attempts.ts` sends them, `outcomes.ts` tells their callers.
 */
import type { Clock } from '../clock.js';
import type { Driver } from '../driver/driver.js';
import type { SendReceipt } from '../driver/message.js';
import { abortError, BusClosedError, type EbusError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import type { PublishMiddleware, PublishReceipt } from '../pipeline/context.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { BackoffOptions } from '../util/backoff.js';
import type { Disclose } from '../util/disclose.js';
import type { EventLoopYield } from '../util/event-loop-yield.js';
import { isPromise } from '../util/promise.js';
import type { TokenBucket } from '../util/token-bucket.js';
import { Admission } from './admission.js';
import { Attempts } from './attempts.js';
import { ConnectionGate, type ConnectionPhase } from './connection-gate.js';
import { LetterPublisher, type LetterTopics } from './letters.js';
import { Outcomes, type PublisherEvents } from './outcomes.js';
import type { JobOptions, PublishJob, Purpose } from './publish-job.js';
import { PublishResults, type ResultReader } from './publish-results.js';
import type { TopicRoutes } from './topic-routes.js';

/** Parts and bounds of a publisher. */
export interface PublisherOptions {
  driver: Driver;
  clock: Clock;
  loopYield: EventLoopYield;
  maxInFlight: number;
  bucket: TokenBucket | undefined;
  backoff: BackoffOptions;
  metrics: MetricsCollector | undefined;
  telemetry: Telemetry | undefined;
  routes: TopicRoutes;
  topics: LetterTopics;
  /** Of publishes that say nothing else. */
  defaults: JobOptions;
  /** Where envelopes go whose publish failed for good; nowhere if empty. */
  deadLetterTopic: string;
  disclose: Disclose;
  logger: Logger;
  events: PublisherEvents;
}

/**
 * The unacknowledged messages that the bus itself may have for each purpose. They have places of their
 * own, so that an application that fills its own stops no dead letter, no redrive and no probe.
 */
const INTERNAL_IN_FLIGHT = 256;

/** Publishes answered at once before the time is looked at. */
const BURST = 64;

/** Sends records in call order by topic and key, and bounds how many are unacknowledged. */
export class Publisher {
  readonly #clock: Clock;
  readonly #loopYield: EventLoopYield;
  readonly #collects: boolean;
  #measures: boolean;
  readonly #results: PublishResults;
  readonly #connection: ConnectionGate;
  readonly #application: Admission;
  readonly #admissions: Readonly<Record<Purpose, Admission>>;
  readonly #attempts: Attempts;
  readonly #outcomes: Outcomes;
  readonly maxInFlight: number;
  /** Dead letters and redriven ones. */
  readonly letters: LetterPublisher;
  readonly #refused = new AbortController();
  #burst = 0;
  #refusing = false;

  constructor(options: PublisherOptions) {
    const { driver, clock, metrics, events } = options;
    this.#clock = clock;
    this.#loopYield = options.loopYield;
    this.maxInFlight = options.maxInFlight;
    this.#collects = metrics !== undefined;
    this.#measures = this.#collects;
    this.#results = new PublishResults(
      () => this.#application.pump(),
      (failures) => events.failuresUnread(failures),
    );
    this.#connection = new ConnectionGate(driver.system, () => {
      // What was on its way to the driver is older.
      this.#attempts.connectionChanged();
      for (const admission of Object.values(this.#admissions)) admission.pump();
    });
    const connection = this.#connection;
    const onStalled = () => events.resultsStalled();
    const admission = (maxInFlight: number, bucket?: TokenBucket) =>
      new Admission({ maxInFlight, bucket, connection, results: this.#results, clock, onStalled });
    this.#application = admission(options.maxInFlight, options.bucket);
    this.#admissions = {
      application: this.#application,
      'publisher-letter': this.#application,
      'dead-letter': admission(INTERNAL_IN_FLIGHT),
      redrive: admission(INTERNAL_IN_FLIGHT),
      probe: admission(INTERNAL_IN_FLIGHT),
    };
    const { routes, topics, defaults, logger, telemetry, disclose, deadLetterTopic: topic } = options;
    this.letters = new LetterPublisher({
      ...{ routes, topics, defaults, clock, logger, telemetry },
      submit: (job) => this.submit(job),
    });
    const deadLetters = topic === '' ? undefined : { topic, disclose, letters: this.letters };
    this.#outcomes = new Outcomes({ driver, connection, clock, metrics, events, deadLetters });
    const { backoff } = options;
    const ensuresTopics = driver.admin?.ensure !== undefined;
    this.#attempts = new Attempts({
      driver,
      ensuresTopics,
      connection,
      clock,
      backoff,
      outcomes: this.#outcomes,
    });
  }

  /** Publishes sent or waiting whose callers do not know the outcome yet. */
  get open(): number {
    return this.#outcomes.open;
  }

  /** Acknowledged since the bus was made. */
  get published(): number {
    return this.#outcomes.published;
  }

  /** Rejected since the bus was made, those refused at once left out. */
  get failed(): number {
    return this.#outcomes.failed;
  }

  /** Publishes that ended while they were measured, and the milliseconds that those took together. */
  get latencies(): { readonly count: number; readonly ms: number } {
    return { count: this.#outcomes.measured, ms: this.#outcomes.measuredMs };
  }

  /** Whether to measure publishes from now on; a metrics collector has them measured anyway. */
  measure(on: boolean): void {
    this.#measures = on || this.#collects;
  }

  /** The composed publish middleware; applies to publishes from now on. */
  setMiddleware(middleware: PublishMiddleware | undefined): void {
    this.#attempts.middleware = middleware;
  }

  openResults(signal?: AbortSignal): ResultReader {
    return this.#results.open(signal);
  }

  /** Resolves when every publish so far is acknowledged or failed. */
  flush(): Promise<void> {
    return this.#outcomes.flush();
  }

  /** Sends a record. Records of one topic and key are written in the order of these calls. */
  submit(job: PublishJob): Promise<PublishReceipt> {
    job.admission = job.purpose === 'application' ? this.#application : this.#admissions[job.purpose];
    const refusal = this.#refusal(job);
    if (refusal !== undefined) {
      job.span?.end(refusal);
      return Promise.reject(refusal);
    }
    job.clock = this.#clock;
    if (this.#measures) job.startedAt = this.#clock.monotonic();
    const attempts = this.#attempts;
    const mayGo = attempts.isFree(job) && job.admission.tryEnter(job);
    if (mayGo && !attempts.needsMore(job)) return this.#sendAtOnce(job);
    const outcome = this.#outcomes.track(job);
    attempts.begin(job);
    return outcome;
  }

  /** The connection changed: nothing is sent while it is away; once it has failed for good, nothing waits for it. */
  setConnection(phase: ConnectionPhase, cause?: unknown): void {
    this.#connection.set(phase, cause);
    const { refusal } = this.#connection;
    if (refusal === undefined) return;
    this.#attempts.connectionChanged();
    this.#outcomes.failWaiting(refusal);
  }

  /** No new publishes from now on; those under way go on. */
  refuse(): void {
    this.#refusing = true;
    this.#refused.abort(new BusClosedError());
  }

  /** Aborts once publishing is refused. */
  get refused(): AbortSignal {
    return this.#refused.signal;
  }

  /** Fails open publishes, ends the result readers, and refuses all later publishes. */
  close(): { unpublished: number } {
    this.refuse();
    const unpublished = this.#outcomes.close();
    this.#results.end();
    for (const admission of Object.values(this.#admissions)) admission.close();
    return { unpublished };
  }

  #refusal(job: PublishJob): EbusError | undefined {
    if (this.#refusing) return new BusClosedError();
    const { signal } = job.options;
    if (signal?.aborted === true) return abortError(signal, `publishing to '${job.topic}'`);
    return this.#connection.isOpen ? undefined : this.#connection.refusal;
  }

  /** The fast path: nothing to wait for. */
  #sendAtOnce(job: PublishJob): Promise<PublishReceipt> {
    job.attempts = 1;
    job.sent = true;
    let receipt: SendReceipt | Promise<SendReceipt> | undefined;
    try {
      receipt = this.#attempts.send(job);
    } catch (error) {
      const outcome = this.#outcomes.track(job);
      this.#attempts.failedAtOnce(job, error);
      return outcome;
    }
    if (receipt === undefined || isPromise(receipt)) {
      const outcome = this.#outcomes.track(job);
      this.#attempts.sentAtOnce(job, receipt);
      return outcome;
    }
    job.admission.leave(job);
    job.settled = true;
    return this.#answer(this.#outcomes.noteSuccess(job, receipt));
  }

  /** Now and then the promise takes a turn of the event loop: a loop that awaits each publish starves no other work. */
  #answer(receipt: PublishReceipt): Promise<PublishReceipt> {
    const turn = ++this.#burst % BURST === 0 ? this.#loopYield.due() : this.#loopYield.pending;
    return turn === undefined ? Promise.resolve(receipt) : turn.then(() => receipt);
  }
}
