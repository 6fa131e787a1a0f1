/** One delivery of JetStream, as core sees it and as it is settled. */
import type { HeaderList, IncomingMessage, Position } from '@ebus/core/driver';
import type { Msg } from '@nats-io/transport-node';
import { type ReadHeaders, readHeaderBlock, readHeaders } from '../mapping.js';
import { readDeliveryInfo } from './delivery-info.js';

/** The client's private fields of a message: the bytes as they came. */
interface RawMessage {
  readonly _rdata?: Uint8Array;
  readonly _msg?: { readonly hdr?: number };
}

const NO_HEADERS: ReadHeaders = { headers: [], key: undefined, messageId: undefined, pin: undefined };

/** Where the messages of a consumer belong, other than by their subjects. */
export interface Place {
  readonly topic: string;
  readonly partition?: number;
}

/** A message with its place in stream and consumer. It is its own settle token. */
export class JetStreamDelivery implements IncomingMessage {
  readonly topic: string;
  /** As the stream keeps it. */
  readonly subject: string;
  readonly value: Uint8Array;
  readonly key: string | Uint8Array | undefined;
  readonly headers: HeaderList;
  readonly messageId: string | undefined;
  readonly timestamp: number;
  readonly position: Position;
  readonly deliveryCount: number;
  /** The stream's sequence number. */
  readonly sequence: number;
  readonly consumerSequence: number;
  /** Bytes of value and headers. */
  readonly size: number;
  readonly pin: string | undefined;
  /** Monotonic milliseconds at which its lease began, where a single active client looks after that. */
  leasedAt = 0;
  /** Where acknowledgements go. */
  readonly reply: string;

  constructor(message: Msg, incarnation?: string, place?: Place) {
    const { headers, key, messageId, pin } = headersOf(message);
    this.size = bytesOf(message);
    this.reply = message.reply ?? '';
    const { sequence, consumerSequence, deliveryCount, timestamp } = readDeliveryInfo(this.reply);
    // Whatever the consumer was made for.
    this.topic = place?.topic ?? message.subject;
    this.subject = message.subject;
    this.value = message.data;
    this.key = key;
    this.headers = headers;
    this.messageId = messageId;
    this.pin = pin;
    this.timestamp = timestamp;
    this.sequence = sequence;
    this.consumerSequence = consumerSequence;
    this.position =
      place?.partition === undefined
        ? incarnation === undefined
          ? { offset: sequence }
          : { offset: sequence, incarnation }
        : {
            partition: place.partition,
            offset: sequence,
            ...(incarnation === undefined ? {} : { incarnation }),
          };
    this.deliveryCount = deliveryCount;
  }

  get token(): this {
    return this;
  }

  get redelivered(): boolean {
    return this.deliveryCount > 1;
  }
}

/** Bytes of the header block as it came; 0 without headers. */
function headerBytesOf(message: Msg): number {
  return (message as unknown as RawMessage)._msg?.hdr ?? 0;
}

/** From the bytes where the client shows them: its own headers lose the order among names. */
export function headersOf(message: Msg): ReadHeaders {
  const { _rdata: data, _msg: argument } = message as unknown as RawMessage;
  const length = argument?.hdr;
  if (data === undefined || length === undefined) return readHeaders(message.headers);
  return length > 0 ? readHeaderBlock(data, length) : NO_HEADERS;
}

/** Bytes of headers and value. */
export function bytesOf(message: Msg): number {
  const { _rdata: data } = message as unknown as RawMessage;
  return data === undefined ? message.data.length + headerBytesOf(message) : data.length;
}
