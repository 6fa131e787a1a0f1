/** The message as handlers and middleware see it. */
import { givenMessageId, type IncomingMessage, type Position } from '../driver/message.js';
import { type HeaderList, MessageHeaders } from '../headers.js';
import { withoutQuote } from '../util/json-error.js';

/** The last moment that a `Date` can hold; a producer may write any number. */
const LATEST_MS = 8.64e15;

/** A received message. Treat `data` as read-only: other groups of an in-process transport share the bytes. */
export interface Message {
  readonly topic: string;
  readonly data: Uint8Array;
  /** The broker holds null, as compaction knows it, and `data` is empty. Zero bytes are no tombstone. */
  readonly tombstone: boolean;
  /** Text; bytes on the wire that are no valid UTF-8 are shown with replacement characters. */
  readonly key: string | undefined;
  readonly headers: MessageHeaders;
  readonly messageId: string | undefined;
  readonly timestamp: Date | undefined;
  readonly position: Position | undefined;
  /** The data as UTF-8 text. */
  text(): string;
  /** The data as JSON. @throws SyntaxError that quotes nothing of the data, and which a handler need not catch: it becomes a failure like any other */
  json<T = unknown>(): T;
}

const decoder = new TextDecoder();

/** `Message` over a driver's plain object; costly parts are made on first use. */
export class ReceivedMessage implements Message {
  readonly #incoming: IncomingMessage;
  #headers: MessageHeaders | undefined;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  get topic(): string {
    return this.#incoming.topic;
  }

  get data(): Uint8Array {
    return this.#incoming.value;
  }

  get tombstone(): boolean {
    return this.#incoming.tombstone === true;
  }

  get key(): string | undefined {
    return keyText(this.#incoming.key);
  }

  get headers(): MessageHeaders {
    this.#headers ??= new MessageHeaders(this.#incoming.headers);
    return this.#headers;
  }

  get messageId(): string | undefined {
    return givenMessageId(this.#incoming.topic, this.#incoming.messageId);
  }

  get timestamp(): Date | undefined {
    const { timestamp } = this.#incoming;
    return timestamp === undefined || timestamp > LATEST_MS ? undefined : new Date(timestamp);
  }

  get position(): Position | undefined {
    return this.#incoming.position;
  }

  text(): string {
    return decoder.decode(this.#incoming.value);
  }

  json<T = unknown>(): T {
    try {
      return JSON.parse(this.text()) as T;
    } catch (error) {
      throw withoutQuote(error);
    }
  }
}

/** A key as text; bytes are read as UTF-8. */
export function keyText(key: string | Uint8Array | undefined): string | undefined {
  return typeof key === 'object' ? decoder.decode(key) : key;
}

/** A message for publish middleware, which may change it before it is sent. */
export interface PublishRecord {
  readonly topic: string;
  readonly key: string | undefined;
  /** The id that brokers deduplicate by: `<topic>:<event id or message id>`. */
  readonly messageId: string | undefined;
  value: Uint8Array;
  /** Reserved headers are refused here as they are in the options of a publish. */
  headers: HeaderList;
}
