/** Between ebus' messages and what Kafka carries. Pure. */
import { isUtf8 } from 'node:buffer';
import type { MessageHeader } from '@confluentinc/kafka-javascript';
import type { HeaderList, HeaderValue } from '@ebus/core/driver';

/** Few messages have more headers; their objects are made anew. */
const MAX_SLOTS = 32;

/** Of the last call: messages of one kind have the same header names, and new objects are what costs. */
const slots: { name: string; header: Record<string, string | Buffer> }[] = [];
const list: MessageHeader[] = [];

/**
 * One object a header, with the name as its only key: order and duplicates are kept. What is returned is only good until
 * the next call; the client copies it when a message is handed over.
 */
export function toHeaders(headers: HeaderList): MessageHeader[] | undefined {
  if (headers.length === 0) return undefined;
  list.length = headers.length;
  for (let i = 0; i < headers.length; i++) {
    const [name, value] = headers[i] as readonly [string, HeaderValue];
    let slot = slots[i];
    if (slot?.name !== name) {
      slot = { name, header: { [name]: '' } };
      if (i < MAX_SLOTS) slots[i] = slot;
    }
    slot.header[name] = toClient(value);
    list[i] = slot.header;
  }
  return list;
}

/** The client cuts text off at a zero character, and bytes it takes as they are. */
export function toClient(value: HeaderValue): string | Buffer {
  return typeof value === 'string' && value.includes('\0') ? Buffer.from(value) : (value as string | Buffer);
}

export function fromHeaders(headers: readonly MessageHeader[] | undefined): HeaderList {
  if (headers === undefined || headers.length === 0) return [];
  const list: [string, HeaderValue][] = [];
  for (const header of headers) {
    for (const name of Object.keys(header)) list.push([name, textOrBytes(header[name] as Buffer)]);
  }
  return list;
}

/** Text where the bytes are UTF-8, else the bytes. */
export function textOrBytes(bytes: Buffer): HeaderValue {
  return isUtf8(bytes) ? bytes.toString('utf8') : new Uint8Array(bytes);
}
