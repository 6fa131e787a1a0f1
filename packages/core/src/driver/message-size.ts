/** How much of memory a message takes. */
import type { IncomingMessage } from './message.js';

/** Bytes of value, key and headers; texts count by their length, which is their bytes where they are ASCII. */
export function messageSize({
  value,
  key,
  headers,
}: Pick<IncomingMessage, 'value' | 'key' | 'headers'>): number {
  let bytes = value.byteLength;
  if (key !== undefined) bytes += key.length;
  for (const [name, header] of headers) bytes += name.length + header.length;
  return bytes;
}
