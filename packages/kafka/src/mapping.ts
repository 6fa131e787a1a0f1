/** Between ebus' messages and what Kafka carries. Pure. */
import { isUtf8 } from 'node:buffer';
import type { Message, MessageHeader } from '@confluentinc/kafka-javascript';
import { type HeaderList, type HeaderValue, isRedriveHeader } from '@ebus/core/driver';

/** Few messages have more headers; their objects are made anew. */
const MAX_SLOTS = 32;
/** The name that JavaScript gives a meaning of its own: as the client writes such a header, it becomes the prototype. */
const PROTO = '__proto__';

/** Of the last call: messages of one kind have the same header names, and new objects are what costs. */
const slots: { name: string; header: Record<string, string | Buffer> }[] = [];
const list: MessageHeader[] = [];

/**
 * One object a header, with the name as its only key: order and duplicates are kept. The result is only good until
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
    if (name === PROTO) slot.header = Object.fromEntries([[name, toClient(value)]]);
    else slot.header[name] = toClient(value);
    list[i] = slot.header;
  }
  return list;
}

/** The client cuts text off at a zero character, and takes bytes as they are; a buffer without memory it writes as null. */
export function toClient(value: HeaderValue): string | Buffer {
  if (value.length === 0) return '';
  return typeof value === 'string' && value.includes('\0') ? Buffer.from(value) : (value as string | Buffer);
}

/** Of one byte, so that an empty view of it is no null: the client writes a buffer without memory as null. */
const BYTE = Buffer.alloc(1);
const EMPTY = BYTE.subarray(0, 0);

/** No bytes stay no bytes. */
export const toClientValue = (bytes: Uint8Array): Buffer => (bytes.length === 0 ? EMPTY : (bytes as Buffer));

/** Headers in order, with duplicates. Values are text where their bytes are UTF-8. */
export function fromHeaders(headers: readonly MessageHeader[] | undefined): HeaderList {
  if (headers === undefined || headers.length === 0) return [];
  const list: [string, HeaderValue][] = [];
  for (const header of headers) {
    const names = Object.keys(header);
    if (names.length === 0) {
      const value: unknown = Object.getPrototypeOf(header);
      if (Buffer.isBuffer(value)) list.push([PROTO, textOrBytes(value)]);
    }
    for (const name of names) list.push([name, textOrBytes(header[name] as Buffer)]);
  }
  return list;
}

/** Text where the bytes are UTF-8, else the bytes. */
export function textOrBytes(bytes: Buffer): HeaderValue {
  return isUtf8(bytes) ? bytes.toString('utf8') : new Uint8Array(bytes);
}

/** Whether a header is `X-Redrive-Group`, in any case. Decodes nothing. */
export function isRedriven(headers: readonly MessageHeader[] | undefined): boolean {
  if (headers === undefined) return false;
  for (const header of headers) for (const name in header) if (isRedriveHeader(name)) return true;
  return false;
}

/** Bytes of value, key and headers. Of a header's name its characters are counted: names are short and ASCII. */
export function sizeOf({ size, key, headers }: Message): number {
  let bytes = size + (key === null || key === undefined ? 0 : key.length);
  if (headers === undefined) return bytes;
  for (const header of headers) {
    // Each has one name.
    for (const name in header) {
      bytes += name.length + ((header[name] as Buffer).length ?? 0);
      break;
    }
  }
  return bytes;
}
