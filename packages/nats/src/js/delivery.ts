/** One delivery of JetStream, as core sees it and as it is settled. */
import type { HeaderList, IncomingMessage, Position } from '@ebus/core/driver';
import type { Msg } from '@nats-io/transport-node';
import { bytesOf, headersOf, replyOf, subjectOf } from '../raw-message.js';
import { readDeliveryInfo } from './delivery-info.js';

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
    this.reply = replyOf(message);
    this.subject = subjectOf(message);
    const { sequence, consumerSequence, deliveryCount, timestamp } = readDeliveryInfo(this.reply);
    // Whatever the consumer was made for.
    this.topic = place?.topic ?? this.subject;
    this.value = message.data;
    this.key = key;
    this.headers = headers;
    this.messageId = messageId;
    this.pin = pin;
    this.timestamp = timestamp;
    this.sequence = sequence;
    this.consumerSequence = consumerSequence;
    this.position = positionOf(sequence, incarnation, place?.partition);
    this.deliveryCount = deliveryCount;
  }

  get token(): this {
    return this;
  }

  get redelivered(): boolean {
    return this.deliveryCount > 1;
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
