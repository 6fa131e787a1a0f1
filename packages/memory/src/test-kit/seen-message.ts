/** Messages as the test kit shows them: plain data that assertions can be made about. */
import { decodeEnvelope, type Envelope, type EnvelopeCodec, type Message, MessageHeaders } from '@ebus/core';
import type { OutgoingRecord } from '@ebus/core/driver';
import { copyBytes } from '../copy-bytes.js';

/** A message of a topic. */
export interface SeenMessage<P = unknown> {
  readonly topic: string;
  readonly key: string | undefined;
  readonly headers: MessageHeaders;
  readonly data: Uint8Array;
  /** The domain event in it; undefined where the bytes are none. */
  readonly envelope: Envelope<P> | undefined;
  /** The data as UTF-8 text. */
  text(): string;
  /** The data as JSON. @throws SyntaxError */
  json<T = unknown>(): T;
}

/** A message that a handler of a group has handled. */
export interface HandledMessage<P = unknown> extends SeenMessage<P> {
  readonly group: string | undefined;
  /** The attempt that succeeded, 1-based. */
  readonly attempt: number;
}

/** An attempt that failed. */
export interface FailedAttempt<P = unknown> extends HandledMessage<P> {
  readonly error: unknown;
}

/** A message whose dead letter is written. */
export interface DeadLetteredMessage<P = unknown> extends SeenMessage<P> {
  readonly group: string | undefined;
  readonly error: unknown;
  readonly attempts: number;
  readonly deadLetterTopic: string;
}

const decoder = new TextDecoder();

/** What was sent; bytes are copied where others may write to them. */
export function sentMessage(record: OutgoingRecord, codec: EnvelopeCodec | undefined): SeenMessage {
  const key = typeof record.key === 'object' ? decoder.decode(record.key) : record.key;
  const data = record.ownsValue ? record.value : copyBytes(record.value);
  return new Seen(record.topic, key, new MessageHeaders(record.headers), data, codec);
}

/** What was received. */
export function receivedMessage(message: Message, codec: EnvelopeCodec | undefined): SeenMessage {
  return new Seen(message.topic, message.key, message.headers, message.data, codec);
}

class Seen implements SeenMessage {
  /** A property of its own, so that `toMatchObject` and `deepEqual` see it. */
  readonly envelope: Envelope | undefined;

  constructor(
    readonly topic: string,
    readonly key: string | undefined,
    readonly headers: MessageHeaders,
    readonly data: Uint8Array,
    codec: EnvelopeCodec | undefined,
  ) {
    this.envelope = envelopeIn(data, codec);
  }

  text(): string {
    return decoder.decode(this.data);
  }

  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }
}

function envelopeIn(data: Uint8Array, codec: EnvelopeCodec | undefined): Envelope | undefined {
  try {
    return codec === undefined ? decodeEnvelope(data) : codec.decode(data);
  } catch {
    return undefined;
  }
}
