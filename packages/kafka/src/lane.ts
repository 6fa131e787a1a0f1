/** One producer and the records that it has no room for: connecting, ready, or fatal and replaced by another. */
import type { DeliveryReport, Producer, ProducerGlobalConfig } from '@confluentinc/kafka-javascript';
import { type Clock, Deque, PublishTimeoutError, type SendRecord } from '@ebus/core/driver';
import { Acknowledged } from './acknowledged.js';
import { CODE, codeOf, isFatal, refusedSettings, saidBy } from './errors.js';
import { Lifeline } from './lifeline.js';
import { toClient, toClientValue, toHeaders } from './mapping.js';
import { called, type NativeClient } from './native-client.js';
import {
  batchTooLarge,
  fatalFailure,
  isBatchTooLarge,
  notSent,
  takenForAnother,
  tooLarge,
} from './send-errors.js';

/** Options of a `Lane`. */
export interface LaneOptions {
  readonly client: NativeClient;
  readonly clock: Clock;
  /** Read anew for each producer, files included. @throws ConfigError */
  settings(): ProducerGlobalConfig;
  /** A producer's reports about itself, by event. */
  onError(error: unknown): void;
  /** Whether the cluster answers others. Never rejects. */
  isThere(): Promise<boolean>;
  /** A producer went fatal, lost all brokers or miscounted, and another takes its place. */
  onReplaced(cause: unknown): void;
}

/** How long one attempt to connect may block a thread. */
const CONNECT_MS = 2_000;
/** Between two attempts to connect, and before a producer that went fatal is replaced once more. */
const AGAIN_MS = 500;
/** After a batch was too large for its topic, one record at a time is sent for so long. */
const ONE_BY_ONE_MS = 5_000;

/** Sends records in order through one producer. Records unacknowledged by a fatal producer fail and may be retried. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #waiting = new Deque<SendRecord>();
  readonly #unacknowledged = new Set<SendRecord>();
  /** By the present producer. */
  readonly #acknowledged = new Acknowledged();
  #producer: Producer | undefined;
  /** Aborts with the present producer. */
  #present: AbortController | undefined;
  #ready = false;
  /** For the time at which another producer is made. */
  #isWaiting = false;
  #closed = false;
  /** The last report of the present producer: the reason of a fatal error is told by event, its fatality by report. */
  #said: unknown;
  #replacedAt = Number.NEGATIVE_INFINITY;
  #idle: (() => void) | undefined;
  /** Handed to the present producer and not reported. */
  #underWay = 0;
  /** The record that was handed over with no other under way: a refusal of its batch is meant for it. */
  #alone: SendRecord | undefined;
  /** In bytes: a larger record is a batch of its own. */
  #batchSize = Number.POSITIVE_INFINITY;
  #oneByOneUntil = Number.NEGATIVE_INFINITY;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Undefined until the first record. */
  get producer(): Producer | undefined {
    return this.#producer;
  }

  /** Records are written in the order of the calls. @throws ConfigError for settings that the client refuses */
  send(record: SendRecord): void {
    if (this.#producer === undefined && !this.#isWaiting) this.#open();
    this.#unacknowledged.add(record);
    if (!this.#ready || this.#waiting.length > 0 || !this.#produce(record)) this.#waiting.push(record);
  }

  /** Resolves once all records were acknowledged or refused, or the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.#unacknowledged.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Fails unacknowledged records with `cause`; the producer goes in the background. */
  close(cause: unknown): Promise<unknown> {
    this.#closed = true;
    this.#present?.abort();
    this.#failAll(() => cause);
    return retired(this.#producer) ?? Promise.resolve();
  }

  #open(): void {
    const { client, settings, onError, isThere, clock } = this.#options;
    let producer: Producer;
    try {
      // Without settings for topics beside it: even empty ones would replace those given here.
      const given = settings();
      producer = new client.Producer(given);
      this.#batchSize = given['batch.size'] ?? Number.POSITIVE_INFINITY;
    } catch (cause) {
      throw refusedSettings(cause);
    }
    const isCurrent = () => this.#producer === producer && !this.#closed;
    producer.on('delivery-report', (error: unknown, report: DeliveryReport) =>
      this.#reported(producer, error, report),
    );
    const present = new AbortController();
    this.#present = present;
    const lost = (cause: unknown) => this.#lost(producer, cause);
    const lifeline = new Lifeline({ clock, client: producer, over: present.signal, isThere, lost });
    producer.on('event.error', (error: unknown) => {
      if (!isCurrent()) return;
      this.#said = error;
      lifeline.heard(error);
      if (isFatal(error)) this.#replace(producer, error);
      else onError(error);
    });
    // Errors are told once it is connected. Why it does not connect, only the log says.
    producer.on('event.log', ({ message }: { message: string }) => {
      if (!this.#ready && isCurrent()) onError(saidBy(message));
    });
    this.#producer = producer;
    void this.#connect(producer);
  }

  /** One attempt; a producer that failed to connect is no good for another. */
  async #connect(producer: Producer): Promise<void> {
    try {
      await called((done) => producer.connect({ allTopics: false, timeout: CONNECT_MS }, done));
      if (this.#producer !== producer || this.#closed) return void retired(producer);
      // A thread of the client waits for reports: no timer here, and no delay.
      producer.setPollInBackground(true);
      this.#ready = true;
      this.#pushOn();
    } catch (error) {
      if (this.#producer !== producer || this.#closed) return;
      this.#options.onError(error);
      this.#openAgain(AGAIN_MS);
    }
  }

  /**
   * A fatal error ends a producer for good. All records under way fail as retryable, waiting ones included:
   * only core knows which may still be sent without overtaking.
   */
  #replace(producer: Producer, error: unknown): void {
    if (this.#producer !== producer || this.#closed) return;
    const { clock, onReplaced } = this.#options;
    const isSilent = codeOf(error) !== undefined && (codeOf(error) as number) < 0;
    const cause = isSilent ? (this.#said ?? error) : error;
    const isRepeated = clock.monotonic() - this.#replacedAt < AGAIN_MS * 10;
    this.#replacedAt = clock.monotonic();
    void retired(producer);
    this.#openAgain(isRepeated ? AGAIN_MS : 0);
    this.#failAll((topic) => fatalFailure(topic, cause));
    onReplaced(cause);
  }

  /**
   * The next producer sends all that has no answer, in order. What was under way may be stored twice then: a producer writes in order,
   * so that the log holds some first records, and after them all of them.
   */
  #lost(producer: Producer, cause: unknown): void {
    if (this.#producer !== producer || this.#closed) return;
    void retired(producer);
    while (this.#waiting.shift() !== undefined);
    for (const record of this.#unacknowledged) this.#waiting.push(record);
    this.#underWay = 0;
    this.#openAgain(0);
    this.#options.onReplaced(cause);
  }

  #openAgain(wait: number): void {
    const { clock } = this.#options;
    this.#ready = false;
    this.#present?.abort();
    this.#producer = undefined;
    this.#acknowledged.clear();
    this.#said = undefined;
    this.#isWaiting = true;
    const open = () => {
      this.#isWaiting = false;
      this.#expire();
      // Nobody waits for it: made when something is sent.
      if (this.#closed || this.#unacknowledged.size === 0) return;
      try {
        this.#open();
      } catch (error) {
        this.#failAll(() => error);
      }
    };
    clock.setTimeout(open, wait).unref();
  }

  #failAll(errorFor: (topic: string) => unknown): void {
    const all = [...this.#unacknowledged];
    this.#unacknowledged.clear();
    this.#underWay = 0;
    while (this.#waiting.shift() !== undefined);
    for (const record of all) record.failed(errorFor(record.topic));
    this.#idle?.();
  }

  /** @returns false where the client's queue is full, or another record is to be reported first */
  #produce(record: SendRecord): boolean {
    if (this.#underWay > 0 && this.#options.clock.monotonic() < this.#oneByOneUntil) return false;
    const { topic, key, value, tombstone, headers, partition = null } = record;
    try {
      this.#producer?.produce(
        topic,
        partition,
        tombstone === true ? null : toClientValue(value),
        key === undefined ? key : toClient(key),
        null,
        record,
        toHeaders(headers),
      );
      this.#alone = this.#underWay++ === 0 ? record : undefined;
      return true;
    } catch (error) {
      // The one that finds out goes to the next producer: nothing after it was sent.
      if (isFatal(error) && this.#producer !== undefined) {
        this.#unacknowledged.delete(record);
        this.#replace(this.#producer, error);
        this.#unacknowledged.add(record);
        this.#waiting.push(record);
        return true;
      }
      const isFull = codeOf(error) === CODE.queueFull;
      // Without others in the queue it will never fit.
      if (isFull && this.#unacknowledged.size > this.#waiting.length + 1) return false;
      this.#unacknowledged.delete(record);
      record.failed(isFull ? tooLarge(topic, error) : notSent(record, error));
      return true;
    }
  }

  #reported(producer: Producer, error: unknown, { opaque, partition, offset }: DeliveryReport): void {
    if (this.#producer !== producer) return;
    if (isFatal(error)) return this.#replace(producer, error);
    const record = opaque as SendRecord;
    const isRefused = error !== null && error !== undefined;
    if (!isRefused && !this.#acknowledged.note(record.topic, partition, offset))
      return this.#lost(producer, takenForAnother(record.topic, partition));
    if (this.#unacknowledged.delete(record)) {
      this.#underWay--;
      if (isRefused) record.failed(this.#failure(record, error));
      else record.stored(offset >= 0 ? { partition, offset } : undefined);
    }
    if (this.#waiting.length > 0) this.#pushOn();
    if (this.#unacknowledged.size === 0) this.#idle?.();
  }

  /** The client fills batches without regard to a topic's limit, and the broker refuses all records of one that exceeds it. */
  #failure(record: SendRecord, error: unknown): unknown {
    const isByItself = record === this.#alone || record.value.length >= this.#batchSize;
    if (!isBatchTooLarge(error) || isByItself) return notSent(record, error);
    this.#oneByOneUntil = this.#options.clock.monotonic() + ONE_BY_ONE_MS;
    return batchTooLarge(record.topic, error);
  }

  /** In order, as far as there is room. */
  #pushOn(): void {
    this.#expire();
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      if (!this.#ready || this.#closed || !this.#produce(next)) return;
      // Replaced meanwhile: it waits for the next producer.
      if (!this.#ready) return;
      this.#waiting.shift();
      this.#expire();
    }
  }

  /** Fails waiting records that are past their deadline. */
  #expire(): void {
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      if (this.#options.clock.monotonic() <= next.deadline) return;
      this.#waiting.shift();
      this.#unacknowledged.delete(next);
      const why = this.#ready ? 'the client had no room for it' : 'Kafka was not connected';
      next.failed(new PublishTimeoutError(`not sent: ${why} in time for the message to '${next.topic}'`));
    }
  }
}

const retired = (producer: Producer | undefined): Promise<unknown> | undefined =>
  producer?.isConnected() ? called((done) => producer.disconnect(0, done)) : undefined;
