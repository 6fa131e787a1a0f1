/** Between ebus' messages and what Kafka carries. Pure. */
import { isUtf8 } from 'node:buffer';
import type { MessageHeader } from '@confluentinc/kafka-javascript';
import type { HeaderList, HeaderValue } from '@ebus/core/driver';

/** One object a header, with the name as its only key: order and duplicates are kept. */
export function toHeaders(headers: HeaderList): MessageHeader[] | undefined {
  if (headers.length === 0) return undefined;
  const list: MessageHeader[] = new Array(headers.length);
  for (let i = 0; i < headers.length; i++) {
    const [name, value] = headers[i] as readonly [string, HeaderValue];
    list[i] = { [name]: toClient(value) };
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
