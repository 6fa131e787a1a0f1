/** Between ebus' messages and rows: pure functions. */
import type { HeaderList, IncomingMessage } from '@ebus/core/driver';

/** A row of `claim`, as the client reads it: bigint as text. */
export interface MessageRow {
  readonly id: string;
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: Buffer;
  readonly message_id: string | null;
  readonly stored_at: Date;
  readonly attempts?: number;
}

/** Names one delivery: a later delivery of the same message is another. */
export interface Token {
  readonly id: string;
  readonly attempts: number;
}

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function toMessage(topic: string, row: MessageRow): IncomingMessage & { readonly size: number } {
  const { id, attempts = 0 } = row;
  const token: Token = { id, attempts };
  return {
    token,
    topic,
    value: row.value,
    key: row.key === null ? undefined : textOrBytes(row.key),
    headers: decodeHeaders(row.headers),
    messageId: row.message_id ?? undefined,
    timestamp: row.stored_at.getTime(),
    position: { offset: BigInt(id) },
    size: row.value.length + row.headers.length + (row.key?.length ?? 0),
    ...(attempts === 0 ? {} : { deliveryCount: attempts, redelivered: attempts > 1 }),
  };
}

/** Text where the bytes are valid UTF-8. */
function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return text.decode(bytes);
  } catch {
    return bytes;
  }
}

/** JSON keeps the order, repeated names, and every character; a value of bytes is written as `{ base64 }`. */
export function encodeHeaders(headers: HeaderList): Buffer {
  const list = headers.map(([name, value]) =>
    typeof value === 'string' ? [name, value] : [name, { base64: Buffer.from(value).toString('base64') }],
  );
  return Buffer.from(JSON.stringify(list));
}

export function decodeHeaders(encoded: Buffer): HeaderList {
  const list: [string, string | { base64: string }][] = JSON.parse(encoded.toString());
  return list.map(([name, value]) => [
    name,
    typeof value === 'string' ? value : Buffer.from(value.base64, 'base64'),
  ]);
}
