/** Between ebus' messages and the broker's: pure functions. */
import type { IncomingMessage, OutgoingRecord } from '@ebus/core/driver';
import type { StoredMessage, WireMessage } from './client.js';

export function toWire({ key, headers, value, ownsValue }: OutgoingRecord): WireMessage {
  // This broker keeps the bytes themselves. Where a client writes them to a socket no copy is needed.
  return { key, headers, body: ownsValue ? value : value.slice() };
}

/** `token` names the delivery: core hands it back when the message is settled. */
export function toMessage(topic: string, stored: StoredMessage): IncomingMessage {
  const { key, headers, body, offset, storedAt } = stored;
  return { token: offset, topic, key, headers, value: body, timestamp: storedAt, position: { offset } };
}
