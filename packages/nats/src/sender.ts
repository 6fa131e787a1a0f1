/**
 * Publishing. To JetStream: many at once, each acknowledged on one inbox of our own, where the client's `publish`
 * would make a timer and a race of promises per message. To Core NATS: handed to the client.
 */
import {
  type Clock,
  ConnectionError,
  Deque,
  type EbusError,
  type OutgoingRecord,
  PublishError,
  PublishTimeoutError,
  type SendReceipt,
  type TimerHandle,
} from '@ebus/core/driver';
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { tooLarge } from './errors.js';
import { toHeaderBlock } from './mapping.js';

export interface SenderOptions {
  readonly clock: Clock;
  /** How long one attempt waits for its acknowledgement. */
  readonly publishTimeout: number;
  /** Makes a stream for a topic that none takes; rejects with an error that says what to do. */
  provision(topic: string): Promise<void>;
}

interface Pending {
  readonly record: OutgoingRecord;
  readonly number: number;
  readonly expiresAt: number;
  /** How often no stream took it. */
  refusals?: number;
  resolve(receipt: SendReceipt): void;
  reject(error: Error): void;
}

/** Between looking for a stream that is there and takes nothing: it elects a leader. */
const NO_LEADER_MS = { first: 20, most: 500 };
const RECEIPT: SendReceipt = {};
const decoder = new TextDecoder();

export class Sender {
  readonly #options: SenderOptions;
  #connection: NatsConnection | undefined;
  #inbox = '';
  #inboxOf: NatsConnection | undefined;
  #acks: Subscription | undefined;
  #sent = 0;
  /** Unacknowledged, in send order. */
  readonly #pending = new Map<number, Pending>();
  /** What was given while there is no connection, in order. */
  readonly #waiting = new Deque<Pending>();
  readonly #unprovisioned = new Map<string, Unprovisioned>();
  #timer: TimerHandle | undefined;
  #idle: (() => void)[] = [];
  #closed: EbusError | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Unacknowledged and waiting. */
  get open(): number {
    return this.#pending.size + this.#waiting.length + this.#held;
  }

  send(record: OutgoingRecord): SendReceipt | Promise<SendReceipt> {
    if (this.#closed !== undefined) throw this.#closed;
    const connection = this.#connection;
    if (connection !== undefined && record.persistence === 'ephemeral') {
      this.#publish(connection, record, undefined);
      return RECEIPT;
    }
    return new Promise((resolve, reject) => {
      const number = ++this.#sent;
      const expiresAt = this.#options.clock.monotonic() + this.#options.publishTimeout;
      this.#dispatch({ record, number, expiresAt, resolve, reject });
    });
  }

  /** Sends on this connection from now on, beginning with what waited for one. */
  online(connection: NatsConnection): void {
    if (this.#connection === connection) return;
    if (this.#acks === undefined || this.#acks.isClosed() || this.#inboxOf !== connection) {
      this.#inbox = `${createInbox()}.`;
      this.#inboxOf = connection;
      this.#acks = connection.subscribe(`${this.#inbox}*`, {
        callback: (error, message) => this.#acknowledged(error, message),
      });
    }
    this.#connection = connection;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      this.#dispatch(next);
  }

  /** The connection broke: nobody knows about what is not acknowledged. What is given from now on waits. */
  offline(cause: unknown): void {
    if (this.#connection === undefined) return;
    this.#connection = undefined;
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const { record, reject } of lost) {
      const text = `the connection broke before the message to '${record.topic}' over nats was acknowledged`;
      reject(new ConnectionError(`${text}; it may have been stored`, { cause }));
    }
    this.#settled();
  }

  /** The server denies publishing to that subject: no acknowledgement will come. */
  denied(subject: string, error: Error): void {
    for (const [number, { record, reject }] of this.#pending) {
      if (record.topic !== subject) continue;
      this.#pending.delete(number);
      reject(error);
    }
    this.#settled();
  }

  /** Resolves when everything given is acknowledged, or the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.open === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  close(error: EbusError): void {
    this.#closed = error;
    this.#connection = undefined;
    const left = [...this.#pending.values(), ...this.#waiting];
    this.#waiting.clear();
    for (const { waiting } of this.#unprovisioned.values()) left.push(...waiting);
    this.#pending.clear();
    this.#unprovisioned.clear();
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    for (const { reject } of left) reject(error);
    this.#settled();
  }

  get #held(): number {
    let held = 0;
    for (const { waiting } of this.#unprovisioned.values()) held += waiting.length;
    return held;
  }

  #dispatch(pending: Pending): void {
    const { record, number } = pending;
    if (this.#unprovisioned.size > 0) {
      const topic = this.#unprovisioned.get(record.topic);
      if (topic !== undefined) {
        topic.waiting.push(pending);
        return;
      }
    }
    if (this.#connection === undefined) {
      this.#waiting.push(pending);
      return;
    }
    try {
      if (record.persistence === 'ephemeral') {
        this.#publish(this.#connection, record, undefined);
        pending.resolve(RECEIPT);
        return;
      }
      this.#publish(this.#connection, record, this.#inbox + number.toString(36));
      this.#pending.set(number, pending);
      this.#timer ??= this.#options.clock.setTimeout(this.#expire, this.#options.publishTimeout);
    } catch (error) {
      pending.reject(error as Error);
      this.#settled();
    }
  }

  #publish(connection: NatsConnection, record: OutgoingRecord, reply: string | undefined): void {
    const headers = toHeaderBlock(record, reply !== undefined)?.forClient;
    try {
      connection.publish(record.topic, record.value, {
        ...(reply === undefined ? undefined : { reply }),
        ...(headers === undefined ? undefined : { headers }),
      });
    } catch (error) {
      if ((error as Error).message.includes('max_payload')) {
        throw tooLarge(record.topic, connection.info?.max_payload, error);
      }
      throw error;
    }
  }

  #acknowledged(error: Error | null, message: Msg): void {
    if (error !== null) return this.#refused(error);
    const number = Number.parseInt(message.subject.slice(this.#inbox.length), 36);
    const pending = this.#pending.get(number);
    if (pending === undefined) return;
    this.#pending.delete(number);
    const { data } = message;
    if (data.length === 0 && message.headers?.code === 503) this.#noStream(pending);
    else this.#answered(pending, data);
    if (this.#idle.length > 0) this.#settled();
  }

  #answered(pending: Pending, data: Uint8Array): void {
    let answer: { seq?: number; duplicate?: boolean; error?: ApiError };
    try {
      answer = JSON.parse(decoder.decode(data));
    } catch (cause) {
      return pending.reject(
        new PublishError('the server sent an acknowledgement that is no JSON', { cause }),
      );
    }
    const { error, seq, duplicate } = answer;
    if (error !== undefined || seq === undefined) return pending.reject(refusal(pending.record.topic, error));
    if (this.#unprovisioned.size > 0) this.#storedMeanwhile(pending);
    const position = { offset: seq };
    pending.resolve(duplicate === true ? { position, duplicate } : { position });
  }

  /** The inbox itself failed: without permission for it, no acknowledgement will ever come. */
  #refused(cause: Error): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of all) reject(cause);
    this.#settled();
  }

  /** No stream takes the topic. One is made, once, and then what was refused is sent again, in order. */
  #noStream(pending: Pending): void {
    const { topic } = pending.record;
    let entry = this.#unprovisioned.get(topic);
    if (entry === undefined) {
      entry = { waiting: [], lastStored: 0 };
      this.#unprovisioned.set(topic, entry);
      const again = pending.refusals ?? 0;
      const pause = again === 0 ? 0 : Math.min(NO_LEADER_MS.first * 2 ** (again - 1), NO_LEADER_MS.most);
      void this.#provision(topic, entry, pause);
    }
    pending.refusals = (pending.refusals ?? 0) + 1;
    entry.waiting.push(pending);
  }

  /** Somebody else made the stream just now: what was refused before this message must not come after it. */
  #storedMeanwhile({ record, number }: Pending): void {
    const entry = this.#unprovisioned.get(record.topic);
    if (entry !== undefined) entry.lastStored = Math.max(entry.lastStored, number);
  }

  async #provision(topic: string, entry: Unprovisioned, pause: number): Promise<void> {
    let failure: Error | undefined;
    if (pause > 0) await this.#pause(pause);
    try {
      await this.#options.provision(topic);
    } catch (error) {
      failure = error as Error;
    }
    // Those sent before this one are answered by now, or will be: what comes later waits behind them.
    if (this.#unprovisioned.get(topic) !== entry) return;
    this.#unprovisioned.delete(topic);
    entry.waiting.sort((a, b) => a.number - b.number);
    const now = this.#options.clock.monotonic();
    for (const pending of entry.waiting) {
      if (failure !== undefined) pending.reject(failure);
      else if (pending.expiresAt <= now) pending.reject(this.#late(topic));
      else if (pending.number < entry.lastStored) pending.reject(tooLate(topic));
      else this.#dispatch(pending);
    }
    this.#settled();
  }

  readonly #expire = (): void => {
    this.#timer = undefined;
    const now = this.#options.clock.monotonic();
    for (const [number, { record, expiresAt, reject }] of this.#pending) {
      if (expiresAt > now) {
        this.#timer = this.#options.clock.setTimeout(this.#expire, expiresAt - now);
        break;
      }
      this.#pending.delete(number);
      reject(this.#late(record.topic));
    }
    this.#settled();
  };

  #late(topic: string): PublishTimeoutError {
    const text = `the message to '${topic}' over nats was not acknowledged within ${this.#options.publishTimeout} ms`;
    return new PublishTimeoutError(`${text}; it may still arrive`);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.setTimeout(() => resolve(), ms).unref();
    });
  }

  #settled(): void {
    if (this.#idle.length === 0 || this.open > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}

interface Unprovisioned {
  readonly waiting: Pending[];
  /** The number of the last one that a stream has taken in the meantime. */
  lastStored: number;
}

interface ApiError {
  readonly code?: number;
  readonly err_code?: number;
  readonly description?: string;
}

function tooLate(topic: string): PublishError {
  const text = `the message to '${topic}' found no stream, and later ones did: it was not stored, to keep the order`;
  return new PublishError(text, { retryable: true });
}

function refusal(topic: string, error: ApiError | undefined): PublishError {
  const { code = 0, err_code: number = 0, description = 'an answer without a sequence' } = error ?? {};
  return new PublishError(`JetStream refused the message to '${topic}': ${description} (${number})`, {
    retryable: code >= 500,
    cause: error,
  });
}
