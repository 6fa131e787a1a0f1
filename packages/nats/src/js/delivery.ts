/** One delivery of JetStream, as core sees it and as it is settled. */
import type { HeaderList, IncomingMessage, Position } from '@ebus/core/driver';
import type { Msg } from '@nats-io/transport-node';
import type { ReadHeaders } from '../mapping.js';
import { bytesOf, hasHeader, headersOf, type Marks, marksOf, replyOf, subjectOf } from '../raw-message.js';
import { readDeliveryInfo, timestampOf } from './delivery-info.js';

const MARKER = 'nats-marker-reason';
/** Written by the server in the place of the body. */
const SIZE = 'nats-msg-size';

/** Where the messages of a consumer belong, other than by their subjects. */
export interface Place {
  readonly topic: string;
  readonly partition?: number;
}

/** A message with its place in stream and consumer. It is its own settle token. Headers are read when they are asked for. */
export class JetStreamDelivery implements IncomingMessage {
  readonly topic: string;
  readonly value: Uint8Array;
  readonly position: Position;
  readonly deliveryCount: number;
  /** The stream's sequence number. */
  readonly sequence: number;
  readonly consumerSequence: number;
  /** Bytes of value and headers. */
  readonly size: number;
  /** Where acknowledgements go, as it is on the wire. */
  readonly reply: Uint8Array;
  /** Monotonic milliseconds at which its lease began, where a single active client looks after that. */
  leasedAt = 0;
  /**
   * Where messages are settled by prefix: with core (`open`), settled and kept until that is confirmed, or neither and to come again
   * (`left`).
   */
  state: 'open' | 'settled' | 'left' = 'open';
  readonly #message: Msg;
  readonly #marks: Marks;
  #read: ReadHeaders | undefined;

  constructor(message: Msg, incarnation?: string, place?: Place) {
    this.#message = message;
    this.#marks = marksOf(message);
    this.size = bytesOf(message);
    this.reply = replyOf(message);
    const { sequence, consumerSequence, deliveryCount } = readDeliveryInfo(this.reply);
    // Whatever the consumer was made for.
    this.topic = place?.topic ?? subjectOf(message);
    this.value = message.data;
    this.sequence = sequence;
    this.consumerSequence = consumerSequence;
    this.position = positionOf(sequence, incarnation, place?.partition);
    this.deliveryCount = deliveryCount;
  }

  get token(): this {
    return this;
  }

  /** As the stream keeps it. */
  get subject(): string {
    return subjectOf(this.#message);
  }

  /** The server wrote it where it deleted the last message of a subject (`subject_delete_marker_ttl` of a stream). */
  get isMarker(): boolean {
    return this.value.length === 0 && hasHeader(this.#message, MARKER);
  }

  /** The consumer was changed so that it leaves bodies out (`headers_only`). */
  get isStripped(): boolean {
    return this.value.length === 0 && hasHeader(this.#message, SIZE);
  }

  get redelivered(): boolean {
    return this.deliveryCount > 1;
  }

  get timestamp(): number {
    return timestampOf(this.reply);
  }

  get key(): string | Uint8Array | undefined {
    return this.#readHeaders().key;
  }

  get headers(): HeaderList {
    return this.#readHeaders().headers;
  }

  get messageId(): string | undefined {
    return this.#readHeaders().messageId;
  }

  get redriven(): boolean {
    return this.#marks.redriven;
  }

  /** Which client the server has chosen, where one at a time is active. */
  get pin(): string | undefined {
    return this.#marks.pin;
  }

  #readHeaders(): ReadHeaders {
    this.#read ??= headersOf(this.#message);
    return this.#read;
  }
}

/** Fields that are undefined are left out. */
function positionOf(
  offset: number,
  incarnation: string | undefined,
  partition: number | undefined,
): Position {
  if (incarnation === undefined) return partition === undefined ? { offset } : { partition, offset };
  return partition === undefined ? { offset, incarnation } : { partition, offset, incarnation };
}
