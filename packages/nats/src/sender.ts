/**
 * Publishing. To JetStream: many at once, each acknowledged on one inbox of our own, where the client's `publish`
 * would make a timer and a race of promises per message. To Core NATS: handed to the client, within bounds.
 */
import {
  type Clock,
  ConnectionError,
  Deque,
  type EbusError,
  PublishTimeoutError,
  type SendRecord,
  type TimerHandle,
} from '@ebus/core/driver';
import type { Msg } from '@nats-io/transport-node';
import { tooLarge } from './errors.js';
import { FlushWindow } from './flush-window.js';
import { KeptSubscription } from './kept-subscription.js';
import type { Link } from './link.js';
import { toHeaderBlock } from './mapping.js';
import { type Layout, subjectOf } from './partitions/layout.js';
import { Partitioner } from './partitions/partition-of.js';
import { answer, noStream } from './publish-answer.js';
import { type Refused, refusal } from './refusals.js';
import { Wire } from './wire.js';

/** Options of a `Sender`; durations in milliseconds. */
export interface SenderOptions {
  readonly clock: Clock;
  /** How long one attempt waits for its acknowledgement. */
  readonly publishTimeout: number;
  /** Of topics with partitions; others have one subject. */
  readonly layouts?: ReadonlyMap<string, Layout> | undefined;
  /** No stream takes the topic, or the one that does elects a leader. */
  onNoStream(topic: string): void;
}

interface Pending {
  readonly record: SendRecord;
  /** Monotonic. */
  readonly expiresAt: number;
  /** Where it was sent to. */
  subject: string;
  partition: number | undefined;
}

/** Sends the records of one driver in the order of the calls. Each is answered once, also if its connection ends. */
export class Sender {
  readonly #options: SenderOptions;
  #link: Link | undefined;
  #wire: Wire | undefined;
  #inbox = '';
  #acks: KeptSubscription | undefined;
  #sent = 0;
  /** Unacknowledged, in send order. */
  readonly #pending = new Map<number, Pending>();
  #timer: TimerHandle | undefined;
  #idle: (() => void)[] = [];
  #closed: EbusError | undefined;
  readonly #window = new FlushWindow((link) => this.#handWaiting(link));
  /** For room, in order. */
  readonly #waiting = new Deque<Pending>();
  readonly #partitioner = new Partitioner();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get #open(): number {
    return this.#pending.size + this.#waiting.length;
  }

  /** Answers through the record. @throws EbusError where it cannot be sent */
  send(record: SendRecord): void {
    if (this.#closed !== undefined) throw this.#closed;
    const link = this.#link;
    if (link === undefined) {
      throw new ConnectionError(`not connected: the message to '${record.topic}' over nats was not sent`);
    }
    const hasRoom = this.#window.hasRoom && this.#waiting.length === 0;
    if (hasRoom && record.persistence === 'ephemeral') {
      this.#publish(link, record, record.topic, undefined);
      return record.stored();
    }
    // It would be stored, and nobody told.
    if (this.#acks?.denied !== undefined) throw noAnswers(record, this.#acks.denied);
    const { clock, publishTimeout } = this.#options;
    const expiresAt = clock.monotonic() + publishTimeout;
    const pending: Pending = { record, expiresAt, subject: record.topic, partition: undefined };
    if (hasRoom) this.#hand(link, pending);
    else this.#waiting.push(pending);
    this.#timer ??= clock.setTimeout(this.#due, publishTimeout);
  }

  /** Sends on this connection from now on. */
  online(link: Link): void {
    this.#window.reset(link);
    if (this.#link !== link) this.#wire = new Wire(link.connection);
    if (this.#acks?.link !== link) {
      this.#inbox = `${link.inbox()}.`;
      this.#acks?.unsubscribe();
      this.#acks = new KeptSubscription(link, `${this.#inbox}*`, (error, message) =>
        this.#acknowledged(error, message),
      );
    }
    this.#link = link;
    this.#handWaiting(link);
  }

  /** The connection broke: unacknowledged messages may or may not be stored. */
  offline(cause: unknown): void {
    if (this.#link === undefined) return;
    this.#link = undefined;
    this.#rejectAll(({ topic }) => {
      const text = `the connection broke before the message to '${topic}' over nats was acknowledged`;
      return new ConnectionError(`${text}; it may have been stored`, { cause });
    });
  }

  /** The server denies publishing to that subject: no acknowledgement will come. */
  refused(refused: Refused, cause: Error): void {
    if (refused.what !== 'publish') return;
    const { topic } = refused;
    const error = refusal(`publishing to '${topic}'`, cause);
    for (const [number, { record, subject }] of this.#pending) {
      if (subject !== topic) continue;
      this.#pending.delete(number);
      record.failed(error);
    }
    this.#settled();
  }

  /** Resolves when all records are acknowledged, or the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.#open === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  close(error: EbusError): void {
    this.#closed = error;
    this.#link = undefined;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#rejectAll(() => error);
  }

  #hand(link: Link, pending: Pending): void {
    const { record } = pending;
    if (record.persistence === 'ephemeral') {
      this.#publish(link, record, record.topic, undefined);
      return record.stored();
    }
    const { layouts } = this.#options;
    // Looked at as it is written: the topic may have another layout than when it was handed over.
    if (layouts !== undefined && layouts.size > 0) this.#choosePartition(pending, layouts.get(record.topic));
    const number = ++this.#sent;
    this.#publish(link, record, pending.subject, this.#inbox + number.toString(36));
    this.#pending.set(number, pending);
  }

  #choosePartition(pending: Pending, layout: Layout | undefined): void {
    if (layout === undefined) return;
    pending.partition = this.#partitioner.choose(pending.record.key, layout.partitions);
    pending.subject = subjectOf(layout, pending.partition);
  }

  #publish(link: Link, record: SendRecord, subject: string, reply: string | undefined): void {
    const headers = toHeaderBlock(record, reply !== undefined);
    const { topic, value } = record;
    try {
      this.#wire?.publish(subject, value, reply, headers);
    } catch (error) {
      if (!(error as Error).message.includes('max_payload')) throw error;
      throw tooLarge(topic, link.connection.info?.max_payload, error);
    }
    this.#window.sent(value.length + subject.length + (headers?.size ?? 0));
  }

  #handWaiting(link: Link): void {
    while (this.#window.hasRoom) {
      const next = this.#waiting.shift();
      if (next === undefined) return this.#settled();
      try {
        this.#hand(link, next);
      } catch (error) {
        next.record.failed(error);
      }
    }
  }

  #acknowledged(error: Error | null, message: Msg): void {
    // Without permission for the inbox, no acknowledgement will ever come.
    if (error !== null) return this.#rejectAll((record) => noAnswers(record, error));
    const number = Number.parseInt(message.subject.slice(this.#inbox.length), 36);
    const pending = this.#pending.get(number);
    if (pending === undefined) return;
    this.#pending.delete(number);
    const { data } = message;
    const { record } = pending;
    if (data.length === 0 && message.headers?.code === 503) {
      this.#options.onNoStream(record.topic);
      record.failed(noStream(record.topic));
    } else answer(record, data, pending.partition);
    if (this.#idle.length > 0) this.#settled();
  }

  /** After I/O had a turn: where the process slept, acknowledgements that came in time are read only now. */
  readonly #due = (): void => this.#options.clock.setImmediate(this.#expire);

  readonly #expire = (): void => {
    this.#timer = undefined;
    const { clock, publishTimeout } = this.#options;
    const now = clock.monotonic();
    for (const [number, { record, expiresAt }] of this.#pending) {
      if (expiresAt > now) {
        this.#timer = clock.setTimeout(this.#due, expiresAt - now);
        break;
      }
      this.#pending.delete(number);
      const text = `the message to '${record.topic}' over nats was not acknowledged within ${publishTimeout} ms`;
      record.failed(new PublishTimeoutError(`${text}; it may still arrive`));
    }
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      if (next.expiresAt > now) {
        this.#timer ??= clock.setTimeout(this.#due, next.expiresAt - now);
        break;
      }
      this.#waiting.shift();
      const text = `the server does not read: the message to '${next.record.topic}' over nats was not sent`;
      next.record.failed(new PublishTimeoutError(text));
    }
    this.#settled();
  };

  #rejectAll(why: (record: SendRecord) => Error): void {
    const all = [...this.#pending.values(), ...this.#waiting];
    this.#pending.clear();
    this.#waiting.clear();
    for (const { record } of all) record.failed(why(record));
    this.#settled();
  }

  #settled(): void {
    if (this.#idle.length === 0 || this.#open > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}

function noAnswers({ topic }: SendRecord, cause: Error): EbusError {
  return refusal(`answers to publishes, as to '${topic}'`, cause);
}
