/** Whether the cluster answers: dialing, and the clients' reports about their connections. */
import { type Clock, ConnectionError, type DriverHost, pause, reasonOf } from '@ebus/core/driver';
import { QUESTION_MS } from './client-config.js';
import { cannotConnect, isAlone, isLoginRefused } from './errors.js';
import { isAnswering, Questions, type QuestionsOptions } from './questions.js';
import { unrefed } from './unrefed.js';

interface ConnectionOptions extends Omit<QuestionsOptions, 'onError'> {
  readonly clock: Clock;
}

/** How long a client's word that it lost its connections waits for an answer that shows otherwise. */
const DOUBT_MS = 500;
/** Between two looks whether the brokers are back. */
const RETURN_MS = 500;
/** For which the first question of an attempt, or of an outage, holds a thread of the process; each further one twice as long. */
const FIRST_MS = 1_000;

/** Dials, and tells core of lost and regained connections. The clients reconnect by themselves. */
export class Connection {
  readonly #options: ConnectionOptions;
  #host: DriverHost | undefined;
  #questions: Questions | undefined;
  #attempt = 0;
  #lastError: unknown;
  #refused: ((error: unknown) => void) | undefined;
  #isDoubted = false;
  #isDialing = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** @throws ConnectionError before the first attempt and after `close` */
  get questions(): Questions {
    if (this.#questions === undefined) throw this.notConnected();
    return this.#questions;
  }

  /** One attempt, with a new client: asks until the signal aborts. A login that is refused ends it at once. */
  async dial(host: DriverHost, attempt: number, signal: AbortSignal): Promise<void> {
    this.#host = host;
    this.#attempt = attempt;
    this.#lastError = undefined;
    this.#isDoubted = false;
    this.#isDialing = true;
    const questions = this.#askAnew();
    // A login that is refused is said by event; the client itself would go on trying.
    const refused = new Promise<never>((_, reject) => {
      this.#refused = reject;
    });
    refused.catch(() => {});
    for (let patience = FIRST_MS; ; patience = longer(patience)) {
      try {
        await Promise.race([questions.brokers(signal, patience), refused]);
        break;
      } catch (error) {
        this.#lastError ??= error;
        if (signal.aborted || isLoginRefused(this.#lastError)) throw this.cannotConnect();
      }
    }
    this.#isDialing = false;
  }

  /** Whether the cluster answers within so many milliseconds. Never rejects. */
  isThere(ms = FIRST_MS): Promise<boolean> {
    return isAnswering(() => this.questions, this.#options.clock.timeout(ms), ms);
  }

  /** A client's report about its connection, by event and in words. */
  noted(error: unknown): void {
    // The login says more than the broken connection that follows from it.
    if (this.#lastError === undefined || isLoginRefused(error)) this.#lastError = error;
    if (isLoginRefused(error)) this.#refused?.(error);
    const host = this.#host;
    if (host === undefined || this.#isDialing || this.#questions === undefined) return;
    if (isAlone(error)) void this.#doubt(host, error);
    // Others may answer: then nothing but this says why some partitions stand still.
    else if (/timed out/i.test(reasonOf(error)))
      host.logger.warn({ err: error }, `a Kafka broker does not answer: ${reasonOf(error)}`);
    else host.logger.debug({ err: error }, 'a Kafka client reported an error');
  }

  cannotConnect(): unknown {
    return cannotConnect(this.#options.config.brokers, this.#lastError ?? new Error('no answer in time'));
  }

  notConnected(): ConnectionError {
    return new ConnectionError(`not connected to Kafka at ${this.#options.config.brokers.join(', ')}`);
  }

  close(): void {
    const questions = this.#questions;
    this.#questions = undefined;
    questions?.close();
  }

  /** By a new client: the present one ends. */
  #askAnew(): Questions {
    this.#questions?.close();
    const questions = new Questions({
      ...this.#options,
      onError: (error) => {
        if (this.#questions === questions) this.noted(error);
      },
    });
    this.#questions = questions;
    return questions;
  }

  /** Brokers close connections that idle, and the client tells that like an outage: only who cannot be asked is away. */
  async #doubt(host: DriverHost, cause: unknown): Promise<void> {
    if (this.#isDoubted) return;
    this.#isDoubted = true;
    const attempt = this.#attempt;
    const isCurrent = () => this.#questions !== undefined && this.#attempt === attempt && !this.#isDialing;
    if (!(await this.isThere(DOUBT_MS)) && isCurrent()) {
      host.onState({ status: 'reconnecting', cause, attempt });
      this.questions.isAway = true;
      // Clients come back by themselves and say nothing then.
      for (
        let patience = FIRST_MS;
        isCurrent() && !(await this.isThere(patience));
        patience = longer(patience)
      ) {
        // One that has lost all brokers does not.
        if (patience === QUESTION_MS && isCurrent()) this.#askAnew().isAway = true;
        await pause(unrefed(host.clock), RETURN_MS);
      }
      if (this.#questions !== undefined) this.#questions.isAway = false;
      if (isCurrent()) host.onState({ status: 'connected', attempt });
    }
    if (!isCurrent()) return;
    this.#isDoubted = false;
    this.#lastError = undefined;
  }
}

const longer = (patience: number) => Math.min(2 * patience, QUESTION_MS);
