/** One publish on its way: the record that the driver sees, and where it stands. */
import type { Clock } from '../clock.js';
import type { Persistence, Position, SendReceipt, SendRecord } from '../driver/message.js';
import type { Envelope } from '../envelope/envelope.js';
import { envelopeHeaders } from '../envelope/envelope-headers.js';
import type { EbusError } from '../errors.js';
import type { HeaderList } from '../headers.js';
import type { PublishReceipt } from '../pipeline/context.js';
import { keyText } from '../pipeline/message.js';
import type { SendSpan } from '../telemetry/telemetry.js';
import type { DeadlineEntry } from '../util/deadline-queue.js';
import type { FlushEpoch } from './flush-epochs.js';
import type { Queued } from './job-queue.js';
import type { ResultReader } from './publish-results.js';
import type { TopicRoute } from './topic-route.js';

/** Options that may differ from publish to publish; the others are the topic's. */
export interface JobOptions {
  timeout: number;
  retries: number;
  signal: AbortSignal | undefined;
}

/**
 * The sender's side: messages of the bus itself never wait for the application's, and take no token of the rate
 * limit. The dead letter of a publish that failed (`publisher-letter`) takes the next free place of the application's.
 */
export type Purpose = 'application' | 'publisher-letter' | 'dead-letter' | 'redrive' | 'probe';

/** Receives the driver's answer for a record that it did not answer within `send`. */
export interface Answers {
  stored(job: PublishJob, receipt: SendReceipt): void;
  failed(job: PublishJob, error: unknown): void;
}

/** Where a publish gets its place in flight. */
export interface Places {
  /** True while publishes that yield results wait for a reader. */
  readonly stalledByReader: boolean;
  /** Admits the job at once if it need not wait; the caller goes on with it then. */
  tryEnter(job: PublishJob): boolean;
  /** Queues the job; it proceeds when it has been admitted. */
  wait(job: PublishJob): void;
  /** The job needs its place no longer, or not for now. */
  leave(job: PublishJob): void;
}

/** One object for each publish, from the call to its outcome. */
export class PublishJob implements SendRecord, DeadlineEntry, Queued<PublishJob> {
  /** The route's at the time of the attempt. */
  persistence: Persistence;
  readonly key: string | Uint8Array | undefined;
  value: Uint8Array;
  /** Of a letter whose message held null. */
  tombstone = false;
  #headers: HeaderList | undefined;
  /** Of a letter that has to reach the partition of another message. */
  partition: number | undefined = undefined;
  readonly messageId: string | undefined;
  ownsValue: boolean;
  purpose: Purpose = 'application';
  /** The bus' clock; set when the job is submitted. */
  clock!: Pick<Clock, 'monotonic'>;
  /** Not a number from the beginning: each would be an object on the heap. */
  #deadline: number | undefined = undefined;

  readonly route: TopicRoute;
  readonly options: JobOptions;
  /** Set for `publishEnvelope`: such publishes yield results and dead letters. */
  readonly envelope: Envelope | undefined;
  /** Its caller knows the outcome. */
  settled = false;
  /** Where it gets its places; set when the job is submitted. */
  admission!: Places;
  /** Was admitted: it may only need a place for another attempt. */
  entered = false;
  /** Holds a place in flight. */
  hasPlace = false;
  /** No work on it is left. */
  released = false;
  /** True once the driver has been given the record. */
  sent = false;
  attempts = 0;
  /** Who hears the driver's answer; undefined while the driver owes none. */
  answers: Answers | undefined = undefined;
  /** The answer that came while `send` ran. */
  early: unknown = undefined;
  /** Middleware has it and the driver has not: its place is free as soon as its caller knows the outcome. */
  inMiddleware = false;
  /** Entered in the send order of its key. */
  ordered = false;
  /** Sent and rejected: its dead letter is being published. */
  deadLettering = false;
  /** When it was called, in monotonic time, where latency is measured; else -1. */
  startedAt = -1;
  /** The readers that hold a place for this job's result. */
  readers: readonly ResultReader[] = NO_READERS;
  epoch: FlushEpoch | undefined = undefined;
  span: SendSpan | undefined = undefined;
  /** The caller's promise. */
  resolve: ((receipt: PublishReceipt) => void) | undefined = undefined;
  reject: ((error: EbusError) => void) | undefined = undefined;
  outcome: Promise<PublishReceipt> | undefined = undefined;
  /** The promise that publish middleware awaits; without middleware the caller's is settled directly. */
  inner: { resolve(receipt: PublishReceipt): void; reject(error: EbusError): void } | undefined = undefined;
  cancelBackoff: (() => void) | undefined = undefined;
  /** Called when the wait in a queue is over: it is this job's turn, or it has been given up. */
  go: ((job: PublishJob) => void) | undefined = undefined;
  /** Where it waits: for its key, for a place, or for its topic to be moved. */
  queue: Queued<PublishJob>['queue'] = undefined;
  ahead: PublishJob | undefined = undefined;
  behind: PublishJob | undefined = undefined;

  prev: DeadlineEntry | undefined = undefined;
  next: DeadlineEntry | undefined = undefined;
  sequence = 0;
  slot = 0;

  /** @param headers undefined for those of the envelope, and no others */
  constructor(
    route: TopicRoute,
    key: string | Uint8Array | undefined,
    value: Uint8Array,
    headers: HeaderList | undefined,
    messageId: string | undefined,
    ownsValue: boolean,
    options: JobOptions,
    envelope: Envelope | undefined,
  ) {
    this.persistence = route.persistence;
    this.key = key;
    this.value = value;
    this.#headers = headers;
    this.messageId = messageId;
    this.ownsValue = ownsValue;
    this.route = route;
    this.options = options;
    this.envelope = envelope;
  }

  get topic(): string {
    return this.route.topic;
  }

  /** Publishes of one topic and order key are sent in call order. */
  get orderKey(): string | undefined {
    const { key } = this;
    return typeof key === 'object' ? keyText(key) : key;
  }

  /** Sent as it is: no publish middleware. */
  get verbatim(): boolean {
    return this.purpose !== 'application';
  }

  /**
   * Those of an envelope are made when they are asked for, as a driver does once: they take no memory while the answer is
   * awaited.
   */
  get headers(): HeaderList {
    return this.#headers ?? envelopeHeaders(this.envelope as Envelope);
  }

  set headers(headers: HeaderList) {
    this.#headers = headers;
  }

  /** In the monotonic time of the bus' clock. The time is read when it is first asked for: a send that is answered at once never asks. */
  get deadline(): number {
    this.#deadline ??= this.clock.monotonic() + this.options.timeout;
    return this.#deadline;
  }

  set deadline(deadline: number) {
    this.#deadline = deadline;
  }

  proceed(): void {
    this.go?.(this);
  }

  stored(position?: Position, duplicate?: boolean): void {
    const { answers } = this;
    if (answers === undefined) return;
    this.answers = undefined;
    answers.stored(this, receiptOf(this.topic, position, duplicate));
  }

  failed(error: unknown): void {
    const { answers } = this;
    if (answers === undefined) return;
    this.answers = undefined;
    answers.failed(this, error);
  }
}

/** Its caller knows the outcome, or soon will: the driver is not given it any more. */
export function isGivenUp(job: PublishJob): boolean {
  return job.settled || job.deadLettering;
}

/** As the caller gets it, so that it is made once. */
function receiptOf(
  topic: string,
  position: Position | undefined,
  duplicate: boolean | undefined,
): PublishReceipt {
  if (duplicate === true)
    return position === undefined ? { topic, duplicate } : { topic, position, duplicate };
  return position === undefined ? { topic } : { topic, position };
}

const NO_READERS: readonly ResultReader[] = [];
