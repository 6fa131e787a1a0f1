/** A message as a topic's log keeps it, which is also what a delivery hands out. */
import {
  type HeaderList,
  headerText,
  type IncomingMessage,
  messageSize,
  type OutgoingRecord,
} from '@ebus/core/driver';
import { copyBytes } from './copy-bytes.js';

/** Shared by all groups on a first delivery, so that delivering allocates nothing. The token is the offset. */
export class LogMessage implements IncomingMessage {
  constructor(
    readonly token: number,
    readonly topic: string,
    readonly value: Uint8Array,
    readonly key: string | Uint8Array | undefined,
    readonly headers: HeaderList,
    readonly messageId: string | undefined,
    readonly timestamp: number,
    /** The same in the monotonic time of the log's clock. */
    readonly arrivedAt: number,
    readonly position: { readonly offset: number },
    readonly deliveryCount: number,
    readonly redelivered: boolean,
    /** Bytes of value, key and headers. */
    readonly size: number,
  ) {}
}

/** The log's own copy of a record; the value is taken over where nobody else holds it. */
export function toLogMessage(
  record: OutgoingRecord,
  offset: number,
  timestamp: number,
  arrivedAt: number,
): LogMessage {
  const { topic, headers, messageId } = record;
  const value = record.ownsValue ? record.value : copyBytes(record.value);
  const key = typeof record.key === 'object' ? keyFromBytes(record.key) : record.key;
  const size = messageSize(value, key, headers);
  return new LogMessage(
    offset,
    topic,
    value,
    key,
    headers,
    messageId,
    timestamp,
    arrivedAt,
    { offset },
    1,
    false,
    size,
  );
}

/** The same message for its next delivery to one group. */
export function redeliveryOf(message: LogMessage): LogMessage {
  return new LogMessage(
    message.token,
    message.topic,
    message.value,
    message.key,
    message.headers,
    message.messageId,
    message.timestamp,
    message.arrivedAt,
    message.position,
    message.deliveryCount + 1,
    true,
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
