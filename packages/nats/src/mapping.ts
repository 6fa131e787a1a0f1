/** Between ebus' messages and what NATS carries. Pure. */
import {
  type HeaderList,
  type HeaderValue,
  headerText,
  type OutgoingRecord,
  PublishError,
} from '@ebus/core/driver';
import type { MsgHdrs } from '@nats-io/transport-node';
import { fromLatin1, percentDecode, percentEncode } from './header-encoding.js';

/** Carries the key. */
const KEY = 'X-Aggregate-ID';
/** Names the headers whose values are percent-encoded, separated by spaces. */
const ENCODED = 'X-Ebus-Encoded';
const MESSAGE_ID = 'Nats-Msg-Id';
export const PIN = 'Nats-Pin-Id';
/** Headers that control the server, or that it adds, are not the message's own. */
const CONTROL = /^nats-/i;

const FIRST_LINE = 'NATS/1.0\r\n';
/** Characters that a header line cannot carry unchanged: other than printable ASCII, or white space at an end. */
const UNSAFE = /[^\x20-\x7e]|^ | $/;
const NAME = /^[\x21-\x39\x3b-\x7e]+$/;

/** The header block of a record as the client sends it; undefined where it has none. */
export function toHeaderBlock(record: OutgoingRecord, deduplicate: boolean): WireHeaders | undefined {
  const { headers, key, messageId, topic } = record;
  const lines: (readonly [string, HeaderValue])[] = [];
  if (key !== undefined && !carriesKey(headers, key)) lines.push([KEY, key]);
  if (messageId !== undefined && deduplicate) lines.push([MESSAGE_ID, messageId]);
  const all = lines.length === 0 ? headers : lines.concat(headers);
  if (all.length === 0) return undefined;
  const own = lines.length;
  let block = FIRST_LINE;
  for (let i = 0; i < all.length; i++) {
    const [name, value] = all[i] as readonly [string, HeaderValue];
    if (needsEncoding(name, value)) return encodedBlock(topic, all, own);
    if (i >= own && !isName(name)) throw unusable(topic, name);
    block += `${name}: ${value}\r\n`;
  }
  return new WireHeaders(`${block}\r\n`);
}

/** All values of a name are encoded where one has to be, so that the name says how to read each. */
function encodedBlock(topic: string, all: HeaderList, own: number): WireHeaders {
  const encoded = new Set<string>();
  for (const [name, value] of all) if (needsEncoding(name, value)) encoded.add(name.toLowerCase());
  let block = FIRST_LINE;
  for (const [i, [name, value]] of all.entries()) {
    if (i >= own && !isName(name)) throw unusable(topic, name);
    block += `${name}: ${encoded.has(name.toLowerCase()) ? percentEncode(value) : value}\r\n`;
  }
  return new WireHeaders(`${block}${ENCODED}: ${[...encoded].join(' ')}\r\n\r\n`);
}

/** An id with `%` must not look like the encoding of another one: the server compares the encoded ids. */
function needsEncoding(name: string, value: HeaderValue): boolean {
  return typeof value !== 'string' || UNSAFE.test(value) || (name === MESSAGE_ID && value.includes('%'));
}

/** All that the client does with headers it sends is to encode them. */
export class WireHeaders {
  /** ASCII. */
  readonly block: string;

  constructor(block: string) {
    this.block = block;
  }

  /** Bytes. */
  get size(): number {
    return this.block.length;
  }

  encode(): Uint8Array {
    return Buffer.from(this.block, 'latin1');
  }

  /** For calls of the client, whose type asks for more than it uses. */
  get forClient(): MsgHdrs {
    return this as unknown as MsgHdrs;
  }
}

/** The parsed headers of a received message. */
export interface ReadHeaders {
  readonly headers: HeaderList;
  readonly key: string | Uint8Array | undefined;
  readonly messageId: string | undefined;
  /** Which client of a single-active-consumer group the server has chosen. */
  readonly pin: string | undefined;
}

const NONE: ReadHeaders = { headers: [], key: undefined, messageId: undefined, pin: undefined };

/**
 * Reads the header block at the beginning of a message's bytes, in order and with duplicates, which the client's own headers do
 * not keep.
 */
export function readHeaderBlock(data: Uint8Array, length = data.length): ReadHeaders {
  const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const text = bytes.toString('utf8', 0, length);
  // Bytes that are no UTF-8 would be replaced: then each byte is a letter until its value is known.
  const isText = !text.includes('\ufffd');
  return isText ? readLines(text) : readLines(bytes.toString('latin1', 0, length), fromLatin1);
}

function readLines(text: string, read?: (value: string) => HeaderValue): ReadHeaders {
  const lines: [string, HeaderValue][] = [];
  for (let start = text.indexOf('\r\n') + 2; start < text.length; ) {
    let end = text.indexOf('\r\n', start);
    if (end === -1) end = text.length;
    const colon = text.indexOf(':', start);
    if (colon > start && colon < end) {
      const value = trimmed(text, colon + 1, end);
      lines.push([text.slice(start, colon), read === undefined ? value : read(value)]);
    }
    start = end + 2;
  }
  return lines.length === 0 ? NONE : interpret(lines);
}

/** Without the spaces and tabs around it; other white space is the value's own. */
function trimmed(text: string, from: number, to: number): string {
  let [start, end] = [from, to];
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The same from headers that the client has parsed. */
export function readHeaders(parsed: MsgHdrs | undefined): ReadHeaders {
  if (parsed === undefined) return NONE;
  const lines: [string, HeaderValue][] = [];
  for (const [name, values] of parsed) for (const value of values) lines.push([name, value]);
  return interpret(lines);
}

/** NATS' own headers are not among the message's. */
function interpret(lines: HeaderList): ReadHeaders {
  const headers: (readonly [string, HeaderValue])[] = [];
  let key: HeaderValue | undefined;
  let messageId: string | undefined;
  let pin: string | undefined;
  for (const line of lines) {
    const name = line[0];
    const first = name.charCodeAt(0) | 0x20;
    if (first === 0x6e && CONTROL.test(name)) {
      if (isNamed(name, MESSAGE_ID)) messageId ??= headerText(line[1]);
      else if (isNamed(name, PIN)) pin ??= headerText(line[1]);
      continue;
    }
    if (first === 0x78) {
      if (isNamed(name, KEY)) key ??= line[1];
      else if (isNamed(name, ENCODED)) return interpret(percentDecoded(lines));
    }
    headers.push(line);
  }
  return { headers, key: key === '' ? undefined : key, messageId, pin };
}

/** The same lines with values as they were before they were encoded, and without the one that says which. */
function percentDecoded(lines: HeaderList): HeaderList {
  const encoded = new Set<string>();
  const isEncoded = (name: string) => encoded.has(name.toLowerCase());
  for (const [name, value] of lines) {
    if (!isNamed(name, ENCODED)) continue;
    for (const one of headerText(value).split(/\s+/)) encoded.add(one.toLowerCase());
  }
  return lines
    .filter(([name]) => !isNamed(name, ENCODED))
    .map(([name, value]) => [name, isEncoded(name) ? percentDecode(headerText(value)) : value]);
}

/** Names are compared without regard to case; most are written as here. */
function isNamed(name: string, wanted: string): boolean {
  return name === wanted || (name.length === wanted.length && name.toLowerCase() === wanted.toLowerCase());
}

function carriesKey(headers: HeaderList, key: string | Uint8Array): boolean {
  for (const [name, value] of headers) if (isNamed(name, KEY)) return value === key;
  return false;
}

const goodNames = new Set<string>();

/** Names repeat from message to message; a few are remembered. */
function isName(name: string): boolean {
  if (goodNames.has(name)) return true;
  if (!NAME.test(name) || isNamed(name, ENCODED) || CONTROL.test(name)) return false;
  if (goodNames.size < 1_000) goodNames.add(name);
  return true;
}

function unusable(topic: string, name: string): PublishError {
  return new PublishError(
    `the message to '${topic}' has a header ${JSON.stringify(name)}, whose name NATS cannot carry; ` +
      `use printable ASCII without spaces and ':' (not ${ENCODED}, which is ebus' own, nor Nats-*, which the server obeys)`,
    { code: 'INVALID_ARGUMENT' },
  );
}
