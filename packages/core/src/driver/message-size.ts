/** How much of memory a message takes. */
import type { IncomingMessage } from './message.js';

/** Bytes of a received message: as its driver says, or measured. */
export function sizeOf({
  size,
  value,
  key,
  headers,
}: Pick<IncomingMessage, 'size' | 'value' | 'key' | 'headers'>): number {
  return size ?? messageSize(value, key, headers);
}

/** Bytes of value, key and headers; texts count by their length, which is their bytes where they are ASCII. */
export function messageSize(
  value: IncomingMessage['value'],
  key: IncomingMessage['key'],
  headers: IncomingMessage['headers'],
): number {
  let bytes = value.byteLength;
  if (key !== undefined) bytes += key.length;
  for (let i = 0; i < headers.length; i++) {
    const [name, header] = headers[i] as (typeof headers)[number];
    bytes += name.length + header.length;
  }
  return bytes;
}
