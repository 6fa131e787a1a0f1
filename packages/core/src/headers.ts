/** Message headers: an ordered list with duplicates, values as text or bytes. */
import { isReservedHeader, refuseReservedHeader } from './reserved-headers.js';

/** A header value: text, or bytes where the value is not text. */
export type HeaderValue = string | Uint8Array;

/** The plain form that drivers exchange with core: in order, duplicates kept. Never modified after creation. */
export type HeaderList = readonly (readonly [name: string, value: HeaderValue])[];

/** What callers may pass as headers. */
export type HeadersInput =
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
  | Iterable<readonly [name: string, value: HeaderValue]>;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** An empty list, shared. Do not change it. */
export const NO_HEADERS: HeaderList = Object.freeze([]);

/** Registered globally, so that two installed copies of ebus recognise each other's. */
const READ = Symbol.for('ebus.message.headers');

/** Read access to the headers of a message. Names are compared without regard to case. Iterates in wire order. */
export class MessageHeaders implements Iterable<readonly [name: string, value: HeaderValue]> {
  readonly #list: HeaderList;

  constructor(list: HeaderList = NO_HEADERS) {
    this.#list = list;
  }

  get [READ](): true {
    return true;
  }

  get size(): number {
    return this.#list.length;
  }

  has(name: string): boolean {
    return findHeader(this.#list, name) !== undefined;
  }

  /** The first value under that name as text (bytes are read as UTF-8), or `undefined`. */
  get(name: string): string | undefined {
    const value = findHeader(this.#list, name);
    return value === undefined ? undefined : headerText(value);
  }

  /** The first value under that name as bytes (text is written as UTF-8), or `undefined`. */
  getBytes(name: string): Uint8Array | undefined {
    const value = findHeader(this.#list, name);
    return value === undefined ? undefined : headerBytes(value);
  }

  /** All values under that name, in order, as text. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#list.filter(([n]) => n.toLowerCase() === wanted).map(([, value]) => headerText(value));
  }

  [Symbol.iterator](): Iterator<readonly [name: string, value: HeaderValue]> {
    return this.toList()[Symbol.iterator]();
  }

  /** The plain list, as drivers exchange it. Given to a publish, whole or in part, it passes on all but reserved headers. */
  toList(): HeaderList {
    for (const header of this.#list) received.add(header);
    return this.#list;
  }
}

/**
 * Headers of received messages that were handed out: a publish with them forwards a message, and sets no headers
 * itself.
 */
const received = new WeakSet<object>();

/** The first value under a name, compared without regard to case. Asked for each message: names that end otherwise are not lowered. */
export function findHeader(list: HeaderList, name: string): HeaderValue | undefined {
  const last = name.length - 1;
  const ending = name.charCodeAt(last) | LOWER_CASE;
  let wanted: string | undefined;
  for (let i = 0; i < list.length; i++) {
    const header = list[i] as HeaderList[number];
    const candidate = header[0];
    if (candidate === name) return header[1];
    if (candidate.length !== name.length) continue;
    const end = candidate.charCodeAt(last);
    if (end < FIRST_BEYOND_ASCII && ending < FIRST_BEYOND_ASCII && (end | LOWER_CASE) !== ending) continue;
    wanted ??= name.toLowerCase();
    if (candidate.toLowerCase() === wanted) return header[1];
  }
  return undefined;
}

/** The bit that tells a small ASCII letter from its capital. */
const LOWER_CASE = 0x20;
const FIRST_BEYOND_ASCII = 0x80;

/** A header's value as text. Bytes that are no UTF-8 become replacement characters. */
export function headerText(value: HeaderValue): string {
  return typeof value === 'string' ? value : decoder.decode(value);
}

/** A header's value as bytes. */
export function headerBytes(value: HeaderValue): Uint8Array {
  return typeof value === 'string' ? encoder.encode(value) : value;
}

/**
 * The headers of a message to publish. Those of a received message, also within another list, are passed on without the
 * reserved ones, and without those named in `own` (lower case), which the message to publish has itself.
 * @throws TypeError for a reserved header that is set, and what `toHeaderList` throws
 */
export function headersToSend(
  input: HeadersInput | undefined,
  own: ReadonlySet<string> = NO_NAMES,
): HeaderList {
  if (input === undefined) return NO_HEADERS;
  const isMessage = (input as { [READ]?: true })[READ] === true;
  const list: (readonly [string, HeaderValue])[] = [];
  for (const header of isIterable(input) ? input : toHeaderList(input)) {
    const isForwarded = isMessage || received.has(header);
    if (!isForwarded) {
      const set = checkedHeader(header[0], header[1]);
      refuseReservedHeader(set[0]);
      list.push(set);
    } else if (!isReservedHeader(header[0]) && !own.has(header[0].toLowerCase())) list.push(header);
  }
  return list.length === 0 ? NO_HEADERS : list;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/**
 * Reads any accepted form into the plain list; order and duplicates are kept, bytes are copied.
 * @throws TypeError for a blank name or a value that is neither text nor bytes
 */
export function toHeaderList(input: HeadersInput | undefined): HeaderList {
  if (input === undefined) return NO_HEADERS;
  if (input instanceof MessageHeaders) return input.toList();
  const list: [string, HeaderValue][] = [];
  if (isIterable(input)) {
    for (const [name, value] of input) list.push(checkedHeader(name, value));
  } else {
    for (const name of Object.keys(input)) {
      const value = input[name];
      if (Array.isArray(value)) for (const one of value) list.push(checkedHeader(name, one));
      else list.push(checkedHeader(name, value));
    }
  }
  return list.length === 0 ? NO_HEADERS : list;
}

function isIterable(input: HeadersInput): input is Iterable<readonly [string, HeaderValue]> {
  return typeof (input as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function';
}

function checkedHeader(name: unknown, value: unknown): [string, HeaderValue] {
  if (typeof name !== 'string' || name.trim() === '') {
    throw new TypeError(`a header name must be non-empty text, got ${JSON.stringify(name)}`);
  }
  if (typeof value === 'string') return [name, value];
  if (value instanceof Uint8Array) return [name, value.slice()];
  throw new TypeError(`the value of header '${name}' must be a string or Uint8Array, got ${typeof value}`);
}
