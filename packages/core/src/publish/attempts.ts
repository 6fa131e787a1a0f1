/** Sending an admitted publish: its turn, middleware, one driver attempt after the other. */
import type { Clock } from '../clock.js';
import type { SendReceipt } from '../driver/message.js';
import { BusClosedError, EbusError, PublishError } from '../errors.js';
import { headersToSend } from '../headers.js';
import type { PublishMiddleware, PublishReceipt } from '../pipeline/context.js';
import type { PublishRecord } from '../pipeline/message.js';
import { isReservedHeader } from '../reserved-headers.js';
import { type BackoffOptions, backoffDelay } from '../util/backoff.js';
import { isPromise } from '../util/promise.js';
import type { ConnectionGate } from './connection-gate.js';
import { type Outcomes, toReceipt } from './outcomes.js';
import type { PublishJob } from './publish-job.js';
import { type RecordSender, Sender } from './sender.js';

/** A broker may not know yet of a topic that another one has: publishes of so many milliseconds try again, as Kafka's clients do. */
const PROPAGATION_MS = 3_000;

/** Driver, backoff and outcomes of attempts. */
export interface AttemptsOptions {
  driver: RecordSender;
  /** Whether a topic that the broker misses can be made again. */
  ensuresTopics: boolean;
  connection: ConnectionGate;
  clock: Clock;
  backoff: BackoffOptions;
  outcomes: Outcomes;
}

/** Brings each publish to the driver: turn of its key, place, middleware, attempt, retry. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #sender: Sender;
  middleware: PublishMiddleware | undefined;

  constructor(options: AttemptsOptions) {
    this.#options = options;
    this.#sender = new Sender(options.driver, options.connection, {
      stored: (job, receipt) => {
        job.route.answered();
        this.#done(job, receipt);
      },
      failed: (job, error) => {
        job.route.answered();
        this.#failed(job, error);
      },
    });
  }

  /** The connection is there again, or will not be. */
  connectionChanged(): void {
    this.#sender.connectionChanged();
  }

  /** Hands the record to the driver, as `Sender.send`. */
  send(job: PublishJob): SendReceipt | Promise<SendReceipt> | undefined {
    return this.#sender.send(job);
  }

  /** True where the job may not simply be sent: middleware wraps it, or its topic moves. */
  needsMore(job: PublishJob): boolean {
    return (this.middleware !== undefined && !job.verbatim) || job.route.held !== undefined;
  }

  /** True if nothing of the job's key is under way. */
  isFree(job: PublishJob): boolean {
    return job.orderKey === undefined || job.route.order.isFree(job.orderKey);
  }

  /** The job goes as soon as it has the turn of its key, and then a place. */
  begin(job: PublishJob): void {
    job.go = this.#run;
    if (this.#enterOrder(job)) this.#run(job);
  }

  /** The first attempt was made without turns, and the driver has not answered yet. */
  sentAtOnce(job: PublishJob, receipt: Promise<SendReceipt> | undefined): void {
    // A client that keeps order over its own retries needs no turns, and core then makes no further attempt.
    if (!job.route.retriesInClient && job.orderKey !== undefined) {
      this.#enterOrder(job);
      job.route.order.sent(job.orderKey, job);
    }
    this.#awaitReceipt(job, receipt);
  }

  /** The first attempt was made without turns, and failed at once. */
  failedAtOnce(job: PublishJob, error: unknown): void {
    this.#enterOrder(job);
    this.#failed(job, error);
  }

  #enterOrder(job: PublishJob): boolean {
    if (job.orderKey === undefined) return true;
    job.ordered = true;
    return job.route.order.enter(job.orderKey, job);
  }

  /** True if the job may be sent now; otherwise `next` is called with it when it may, or when it has been given up. */
  #isReady(job: PublishJob, next: (job: PublishJob) => void): boolean {
    const { route, admission } = job;
    const isOpen = this.#options.connection.isOpen && route.held === undefined;
    if (isOpen && (job.hasPlace || admission.tryEnter(job))) return true;
    job.go = next;
    if (job.hasPlace) admission.leave(job);
    if (route.held === undefined) admission.wait(job);
    else route.held.push(job);
    return false;
  }

  /** The job has the turn of its key. */
  readonly #run = (job: PublishJob): void => {
    if (this.#options.outcomes.isOver(job)) return this.#options.outcomes.release(job);
    if (job.route.refusal !== undefined) return this.#rejected(job, job.route.refusal);
    if (!this.#isReady(job, this.#run)) return;
    if (this.middleware === undefined || job.verbatim) this.#attempt(job);
    else void this.#runMiddleware(job, this.middleware);
  };

  async #runMiddleware(job: PublishJob, middleware: PublishMiddleware): Promise<void> {
    const { outcomes } = this.#options;
    job.inMiddleware = true;
    // Middleware may keep the bytes, or put others in their place that it goes on using.
    job.ownsValue = false;
    // It may look at them, and change them, more than once.
    job.headers = [...job.headers];
    let sent: Promise<PublishReceipt> | undefined;
    const next = (): Promise<PublishReceipt> => {
      if (sent !== undefined)
        return Promise.reject(new EbusError('publish middleware called next() twice', { code: 'INTERNAL' }));
      try {
        checkHeaders(job);
      } catch (error) {
        return Promise.reject(error);
      }
      job.inMiddleware = false;
      sent = new Promise((resolve, reject) => {
        job.inner = { resolve, reject };
        this.#attempt(job);
      });
      // Middleware that does not await it is told by its own outcome.
      sent.catch(() => {});
      return sent;
    };
    try {
      // Only verbatim messages have keys that are not text, and those do not come here.
      const returned: PublishReceipt | undefined = await middleware(job as PublishJob & PublishRecord, next);
      // Middleware that forgets to return the receipt has sent the message all the same.
      const receipt = returned ?? (await sent);
      if (typeof receipt !== 'object')
        throw new EbusError('publish middleware neither called next() nor returned a receipt', {
          code: 'INTERNAL',
        });
      job.inMiddleware = false;
      outcomes.succeed(job, receipt);
    } catch (error) {
      job.inMiddleware = false;
      outcomes.fail(job, outcomes.toError(job, error));
    }
    outcomes.release(job);
  }

  readonly #attempt = (job: PublishJob): void => {
    if (this.#options.outcomes.isOver(job))
      return this.#rejected(job, new BusClosedError('the publish was given up'));
    if (job.route.refusal !== undefined) return this.#rejected(job, job.route.refusal);
    if (job.attempts > 0) job.route.lookAgain();
    if (!this.#isReady(job, this.#attempt)) return;
    job.persistence = job.route.persistence;
    job.attempts++;
    job.sent = true;
    let receipt: SendReceipt | Promise<SendReceipt> | undefined;
    try {
      receipt = this.#sender.send(job);
    } catch (error) {
      this.#failed(job, error);
      return;
    }
    if (job.orderKey !== undefined) job.route.order.sent(job.orderKey, job);
    if (receipt === undefined || isPromise(receipt)) this.#awaitReceipt(job, receipt);
    else this.#done(job, receipt);
  };

  /** Without a promise the driver answers through the record. */
  #awaitReceipt(job: PublishJob, receipt: Promise<SendReceipt> | undefined): void {
    const { route } = job;
    route.sending++;
    receipt?.then(
      (value) => {
        route.answered();
        this.#done(job, value);
      },
      (error: unknown) => {
        route.answered();
        this.#failed(job, error);
      },
    );
  }

  #done(job: PublishJob, receipt: SendReceipt): void {
    const full = toReceipt(job.topic, receipt);
    if (job.inner !== undefined) {
      this.#backInMiddleware(job);
      return job.inner.resolve(full);
    }
    this.#options.outcomes.succeed(job, full);
    this.#options.outcomes.release(job);
  }

  #failed(job: PublishJob, cause: unknown): void {
    const { outcomes, backoff, clock } = this.#options;
    const error = outcomes.toError(job, cause);
    if (error.code === 'TOPIC_NOT_FOUND') job.route.missed();
    if (!outcomes.isOver(job) && this.#mayRetry(job, error)) {
      const delay = backoffDelay(backoff, job.attempts, clock);
      if (clock.monotonic() + delay < job.deadline) return this.#retryAfter(job, delay);
    }
    this.#rejected(job, error);
  }

  #rejected(job: PublishJob, error: EbusError): void {
    if (job.inner !== undefined) {
      this.#backInMiddleware(job);
      return job.inner.reject(error);
    }
    this.#options.outcomes.fail(job, error);
    this.#options.outcomes.release(job);
  }

  /** Middleware whose caller knows the outcome is not waited for: it may take for ever. */
  #backInMiddleware(job: PublishJob): void {
    job.inMiddleware = true;
    if (job.settled) this.#options.outcomes.release(job);
  }

  #mayRetry(job: PublishJob, error: EbusError): boolean {
    // A topic that is missing is looked for, and made where that is wanted, before the next attempt.
    const isMissed = error.code === 'TOPIC_NOT_FOUND' && this.#options.ensuresTopics;
    if (!(error.retryable || isMissed) || job.route.retriesInClient) return false;
    if (job.attempts > job.options.retries && !(isMissed && this.#mayBecomeKnown(job))) return false;
    return job.orderKey === undefined || job.route.order.retake(job.orderKey, job);
  }

  /** Not where nothing is to be tried again. */
  #mayBecomeKnown({ deadline, options: { timeout, retries } }: PublishJob): boolean {
    return retries > 0 && this.#options.clock.monotonic() < deadline - timeout + PROPAGATION_MS;
  }

  /** It keeps the turn of its key meanwhile, and no place. */
  #retryAfter(job: PublishJob, delay: number): void {
    const { clock } = this.#options;
    job.admission.leave(job);
    const timer = clock.setTimeout(() => {
      job.cancelBackoff = undefined;
      this.#attempt(job);
    }, delay);
    job.cancelBackoff = () => {
      clock.clearTimeout(timer);
      job.cancelBackoff = undefined;
      this.#attempt(job);
    };
  }
}

/** Values changed by middleware are checked like the options of a publish. */
function checkHeaders(job: PublishJob): void {
  try {
    const asTheyAre = Array.isArray(job.headers) && !job.headers.some(([name]) => isReservedHeader(name));
    if (!asTheyAre) job.headers = headersToSend(job.headers);
  } catch (cause) {
    const text = `publish middleware gave the message to '${job.topic}' headers that it cannot have: ${(cause as Error).message}`;
    throw new PublishError(text, { code: 'INVALID_ARGUMENT', cause });
  }
}
