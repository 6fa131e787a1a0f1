/** A received message as the client keeps it. Its bytes cost less to look at than the views of them that the client makes. */
import { REDRIVE_GROUP_HEADER } from '@ebus/core/driver';
import type { Msg } from '@nats-io/transport-node';
import { PIN, type ReadHeaders, readHeaderBlock, readHeaders } from './mapping.js';

/** The client's private fields of a message. Where they are not as expected, the public ones are read. */
interface RawMessage {
  readonly _rdata?: Uint8Array;
  readonly _msg?: { readonly hdr?: number; readonly subject?: Uint8Array; readonly reply?: Uint8Array };
}

export const NO_HEADERS: ReadHeaders = { headers: [], key: undefined, messageId: undefined, pin: undefined };

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const LOWER_CASE = 0x20;
const COLON = 0x3a;
const N = 0x6e;
const X = 0x78;

/** False where it certainly has none. */
export function mayHaveHeaders(message: Msg): boolean {
  const length = (message as unknown as RawMessage)._msg?.hdr;
  return length === undefined || length > 0;
}

/** From the bytes where the client shows them: its own headers lose the order among names. */
export function headersOf(message: Msg): ReadHeaders {
  const { _rdata: data, _msg: argument } = message as unknown as RawMessage;
  const length = argument?.hdr;
  if (data === undefined || length === undefined) return readHeaders(message.headers);
  return length > 0 ? readHeaderBlock(data, length) : NO_HEADERS;
}

/** Bytes of headers and value. */
export function bytesOf(message: Msg): number {
  const { _rdata: data, _msg: argument } = message as unknown as RawMessage;
  return data === undefined ? message.data.length + (argument?.hdr ?? 0) : data.length;
}

/** Bytes as the server takes them off the bytes of a pull request. */
export function wholeSizeOf(message: Msg): number {
  const subject = (message as unknown as RawMessage)._msg?.subject ?? message.subject;
  return subject.length + replyOf(message).length + bytesOf(message);
}

/** It can be answered: a message of a stream, and no status. */
export function hasReply(message: Msg): boolean {
  return replyOf(message).length > 0;
}

/** Where answers go, as it is on the wire; empty where it has none. */
export function replyOf(message: Msg): Uint8Array {
  const { _msg: argument } = message as unknown as RawMessage;
  return argument === undefined ? Buffer.from(message.reply ?? '') : (argument.reply ?? NONE);
}

const NONE = new Uint8Array(0);

/** The text of bytes that are the same from message to message, mostly. */
class LastText {
  #bytes = NONE;
  #text = '';

  of(data: Uint8Array, start: number, end: number): string {
    if (!this.#isSame(data, start, end)) {
      // A copy: the bytes are a part of all those that came together.
      this.#bytes = data.slice(start, end);
      this.#text = Buffer.from(this.#bytes).toString();
    }
    return this.#text;
  }

  #isSame(data: Uint8Array, start: number, end: number): boolean {
    const bytes = this.#bytes;
    if (end - start !== bytes.length) return false;
    for (let i = 0; i < bytes.length; i++) if (data[start + i] !== bytes[i]) return false;
    return true;
  }
}

const subjects = new LastText();
const pins = new LastText();

export function subjectOf(message: Msg): string {
  const subject = (message as unknown as RawMessage)._msg?.subject;
  return subject === undefined ? message.subject : subjects.of(subject, 0, subject.length);
}

/** Headers that have to be known at once. The others are read when they are asked for. */
export interface Marks {
  /** Whether one is `X-Redrive-Group`; true where that is not known. */
  readonly redriven: boolean;
  /** Which client of a single-active-consumer group the server has chosen. */
  readonly pin: string | undefined;
}

const UNMARKED: Marks = { redriven: false, pin: undefined };
/** Of the last message with a pin: those that follow have the same. */
let pinned: Marks = UNMARKED;

const REDRIVEN = REDRIVE_GROUP_HEADER.toLowerCase();
const PINNED = PIN.toLowerCase();

export function marksOf(message: Msg): Marks {
  const { _rdata: data, _msg: argument } = message as unknown as RawMessage;
  const length = argument?.hdr;
  if (data === undefined || length === undefined) return { redriven: true, pin: headersOf(message).pin };
  let redriven = false;
  let pin: string | undefined;
  for (let line = nextLine(data, 0, length); line < length; line = nextLine(data, line, length)) {
    const first = (data[line] as number) | LOWER_CASE;
    if (first === X && begins(data, line, REDRIVEN)) redriven = true;
    else if (first === N && pin === undefined && begins(data, line, PINNED))
      pin = pinAt(data, line + PINNED.length + 1);
  }
  if (redriven) return { redriven, pin };
  if (pin === undefined) return UNMARKED;
  if (pin !== pinned.pin) pinned = { redriven, pin };
  return pinned;
}

/** Whether it has the header of that name, which is in small letters. */
export function hasHeader(message: Msg, name: string): boolean {
  const { _rdata: data, _msg: argument } = message as unknown as RawMessage;
  const length = argument?.hdr;
  if (data === undefined || length === undefined) {
    return [...(message.headers ?? [])].some(([one]) => one.toLowerCase() === name);
  }
  for (let line = nextLine(data, 0, length); line < length; line = nextLine(data, line, length))
    if (begins(data, line, name)) return true;
  return false;
}

/** Where the line after that place begins; `end` or later where there is none. The search of the engine takes many bytes at once. */
function nextLine(data: Uint8Array, from: number, end: number): number {
  if (from >= end) return end;
  const feed = data.indexOf(LINE_FEED, from);
  return feed === -1 ? end : feed + 1;
}

/** The text of a line without the space before it, from there on. */
function pinAt(data: Uint8Array, from: number): string {
  let [start, end] = [from, from];
  while (data[start] === SPACE) start++;
  while (end < data.length && data[end] !== CARRIAGE_RETURN) end++;
  return pins.of(data, start, end);
}

/** Whether a line is the header of that name, which is in small letters. */
function begins(data: Uint8Array, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = data[start + i] as number;
    const wanted = name.charCodeAt(i);
    if (byte !== wanted && (byte | LOWER_CASE) !== wanted) return false;
  }
  return data[start + name.length] === COLON;
}
