/** A message as a topic's log keeps it, which is also what a delivery hands out. */
import {
  type HeaderList,
  headerText,
  type IncomingMessage,
  messageSize,
  type OutgoingRecord,
} from '@ebus/core/driver';
import { copyBytes, copyTo } from './copy-bytes.js';

/** When messages arrived, to the millisecond: one object for all of that millisecond. */
export interface Arrival {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** The same in the monotonic time of the log's clock. */
  readonly at: number;
}

/**
 * Shared by all groups on a first delivery, so that delivering allocates nothing. The token is the offset. A log keeps many of
 * them, so they are small: what can be told from other fields is no field.
 */
export class LogMessage implements IncomingMessage {
  constructor(
    readonly token: number,
    readonly topic: string,
    /** The value lies in these bytes, from `start` on. */
    readonly bytes: Uint8Array,
    readonly start: number,
    /** Bytes of the value. */
    readonly length: number,
    readonly key: string | Uint8Array | undefined,
    readonly headers: HeaderList,
    readonly messageId: string | undefined,
    readonly arrival: Arrival,
    readonly deliveryCount: number,
    /** Bytes of value, key and headers. */
    readonly size: number,
  ) {}

  get value(): Uint8Array {
    const { bytes, start, length } = this;
    return bytes.length === length ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset + start, length);
  }

  get position(): { readonly offset: number } {
    return { offset: this.token };
  }

  get timestamp(): number {
    return this.arrival.timestamp;
  }

  get redelivered(): boolean {
    return this.deliveryCount > 1;
  }
}

/** The log's own copy of a record; the value is taken over where nobody else holds it. */
export function toLogMessage(record: OutgoingRecord, offset: number, arrival: Arrival): LogMessage {
  const { topic, headers, messageId, value, ownsValue } = record;
  const place = ownsValue ? undefined : copyTo(value);
  const bytes = place?.slab ?? value;
  const start = place?.start ?? 0;
  const key = typeof record.key === 'object' ? keyFromBytes(record.key) : record.key;
  const size = messageSize(value, key, headers);
  const { length } = value;
  return new LogMessage(offset, topic, bytes, start, length, key, headers, messageId, arrival, 1, size);
}

/** The same message for its next delivery to one group. */
export function redeliveryOf(message: LogMessage): LogMessage {
  return new LogMessage(
    message.token,
    message.topic,
    message.bytes,
    message.start,
    message.length,
    message.key,
    message.headers,
    message.messageId,
    message.arrival,
    message.deliveryCount + 1,
    message.size,
  );
}

/**
 * What a message is kept in order by: its key, else its aggregate id header. Undefined where it has neither: an
 * aggregate id that is only inside the value is not looked for here.
 */
export function orderKey(message: LogMessage): string | undefined {
  const { key } = message;
  if (typeof key === 'string') {
    if (key !== '') return key;
  } else if (key !== undefined && key.length > 0) {
    return `bytes:${Buffer.from(key).toString('hex')}`;
  }
  for (const [name, value] of message.headers) {
    if (name.length === AGGREGATE_ID.length && name.toLowerCase() === AGGREGATE_ID) {
      const id = headerText(value);
      return id === '' ? undefined : id;
    }
  }
  return undefined;
}

const AGGREGATE_ID = 'x-aggregate-id';
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Keys are handed out as text; bytes only where they are no valid UTF-8. */
function keyFromBytes(key: Uint8Array): string | Uint8Array {
  try {
    return decoder.decode(key);
  } catch {
    return copyBytes(key);
  }
}
