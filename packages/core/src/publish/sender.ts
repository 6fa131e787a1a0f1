/** Giving records to the driver, whichever way it answers. */

import type { SendReceipt, SendRecord } from '../driver/message.js';
import { BusClosedError } from '../errors.js';
import type { ConnectionGate } from './connection-gate.js';
import { type Answers, isGivenUp, type PublishJob } from './publish-job.js';

/** At most so many records go to the driver in one call. */
const LARGEST_BATCH = 1_000;

/** A driver, as far as sending goes. */
export interface RecordSender {
  // biome-ignore lint/suspicious/noConfusingVoidType: a driver that answers through the record returns nothing.
  send(record: SendRecord): SendReceipt | Promise<SendReceipt> | void;
  sendBatch?(records: readonly SendRecord[]): void;
}

/** Calls `send` or `sendBatch`, and brings every kind of answer to one of two: now, or later. */
export class Sender {
  readonly #driver: RecordSender;
  readonly #answers: Answers;
  readonly #connection: ConnectionGate;
  /** Records of this turn, for a driver that takes many at once. */
  #batch: PublishJob[] = [];

  constructor(driver: RecordSender, connection: ConnectionGate, answers: Answers) {
    this.#driver = driver;
    this.#connection = connection;
    this.#answers = answers;
  }

  /** The connection is there, or has failed for good: held publishes go, or are refused. */
  connectionChanged(): void {
    const { refusal } = this.#connection;
    if (refusal === undefined) return this.#flush();
    for (const job of this.#batch.splice(0)) job.failed(refusal);
  }

  /**
   * The receipt, or a promise of it; undefined where `answers` hears of it later. Records are written in the order of the
   * calls. With `sendBatch` the records of one turn of the microtask queue go together.
   * @throws the driver's error
   */
  send(job: PublishJob): SendReceipt | Promise<SendReceipt> | undefined {
    if (this.#driver.sendBatch !== undefined) return this.#sendLater(job);
    job.answers = EARLY;
    let receipt: ReturnType<RecordSender['send']>;
    try {
      receipt = this.#driver.send(job);
    } catch (error) {
      job.answers = undefined;
      throw error;
    }
    const isAnswered = job.answers === undefined;
    job.answers = undefined;
    if (receipt !== undefined) return receipt;
    if (isAnswered) return takeEarly(job);
    job.answers = this.#answers;
    return undefined;
  }

  #sendLater(job: PublishJob): undefined {
    job.answers = this.#answers;
    this.#batch.push(job);
    if (this.#batch.length === 1) queueMicrotask(() => this.#flush());
    return undefined;
  }

  /** Where the connection broke within the turn, its records wait for the next one. */
  #flush(): void {
    if (!this.#connection.isOpen || this.#batch.length === 0) return;
    let batch = this.#batch;
    this.#batch = [];
    if (batch.some(isGivenUp)) {
      for (const job of batch) if (isGivenUp(job)) job.failed(new BusClosedError('the publish was given up'));
      batch = batch.filter((job) => !isGivenUp(job));
    }
    for (let start = 0; start < batch.length; start += LARGEST_BATCH) {
      this.#sendBatch(batch.length <= LARGEST_BATCH ? batch : batch.slice(start, start + LARGEST_BATCH));
    }
  }

  #sendBatch(jobs: readonly PublishJob[]): void {
    try {
      this.#driver.sendBatch?.(jobs);
    } catch (error) {
      // Those that were answered hear nothing more.
      for (const job of jobs) job.failed(error);
    }
  }
}

/** An error that was said before `send` returned. */
class EarlyFailure {
  constructor(readonly error: unknown) {}
}

/** While `send` runs: the answer is kept until it returns. */
const EARLY: Answers = {
  stored: (job, receipt) => {
    job.early = receipt;
  },
  failed: (job, error) => {
    job.early = new EarlyFailure(error);
  },
};

function takeEarly(job: PublishJob): SendReceipt {
  const { early } = job;
  job.early = undefined;
  if (early instanceof EarlyFailure) throw early.error;
  return early as SendReceipt;
}
