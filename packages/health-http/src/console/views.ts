/** Messages and dead letters as the page shows them: masked, and cut. Pure. */
import type { DeadLetter, Message } from '@ebus/core';
import { formatPosition, parseExactly } from '@ebus/core/driver';
import { HIDDEN, type Mask, masked, type ShownMessage } from './mask.js';
import type { LetterDetails, LetterView, PayloadView } from './types.js';

/** Bytes of a payload in a list. */
export const PREVIEW_BYTES = 300;
/** Of a payload in full. */
export const DETAIL_BYTES = 64 * 1024;
/** Larger ones are not parsed: shown as they begin, or hidden where there is a mask. */
const PARSED_BYTES = 2 * 1024 * 1024;
const HEADER_CHARACTERS = 4_096;
const MOST_HEADERS = 100;
const ERROR_CHARACTERS = 2_000;

/** A payload of at most so many bytes of text. */
export function payloadOf(message: Message, mask: Mask | undefined, limit: number): PayloadView {
  return shownOf(message, mask, limit).payload;
}

/** A row of the list. */
export function letterView(letter: DeadLetter, mask?: Mask): LetterView {
  return viewOf(letter, shownOf(letter.message, mask, PREVIEW_BYTES));
}

/** One letter wholly. */
export function letterDetails(letter: DeadLetter, mask?: Mask): LetterDetails {
  const shown = shownOf(letter.message, mask, DETAIL_BYTES);
  const { messageId, timestamp } = letter.message;
  return {
    ...viewOf(letter, shown),
    ...(messageId === undefined ? {} : { messageId: cut(messageId, HEADER_CHARACTERS) }),
    ...(timestamp === undefined ? {} : { publishedAt: timestamp.toISOString() }),
    headers: shown.headers
      .slice(0, MOST_HEADERS)
      .map(([name, value]) => [cut(name, 200), cut(value, HEADER_CHARACTERS)]),
  };
}

interface Shown {
  readonly key: string | undefined;
  readonly headers: ShownMessage['headers'];
  readonly payload: PayloadView;
}

function viewOf(letter: DeadLetter, { key, payload }: Shown): LetterView {
  const { message, originalTopic, originalPosition, group, errorMessage, errorCode, attempts, failedAt } =
    letter;
  const parkedKey = letter.parkedKey !== undefined && key === HIDDEN ? HIDDEN : letter.parkedKey;
  const traceId = traceOf(message);
  return {
    position: placeOf(message),
    attempts: attempts ?? null,
    payload,
    ...known({
      topic: originalTopic,
      originalPosition,
      group,
      key,
      parkedKey,
      error: errorMessage === undefined ? undefined : cut(errorMessage, ERROR_CHARACTERS),
      code: errorCode,
      failedAt: failedAt?.toISOString(),
      traceId,
    }),
  };
}

/** `3:1042`, `1042`; empty where it has none. */
export function placeOf({ position }: Pick<Message, 'position'>): string {
  return position === undefined ? '' : formatPosition(position);
}

/** The trace that the event belongs to. */
function traceOf({ headers }: Message): string | undefined {
  const [, trace] = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(headers.get('traceparent') ?? '') ?? [];
  return trace;
}

function shownOf(message: Message, mask: Mask | undefined, limit: number): Shown {
  const { topic, key, data, tombstone } = message;
  const bytes = data.byteLength;
  const headers = [...message.headers].map(([name, value]) => [name, textOfHeader(value)] as const);
  const isParsed = bytes <= (mask === undefined ? Math.min(PARSED_BYTES, 4 * limit) : PARSED_BYTES);
  const value = tombstone
    ? undefined
    : isParsed
      ? parsed(data)
      : mask === undefined
        ? beginning(data, limit)
        : undefined;
  const shown = masked({ topic, key, headers, value }, mask);
  const rest = { key: shown.key === undefined ? undefined : cut(shown.key, 500), headers: shown.headers };
  const view = (kind: PayloadView['kind'], text: string): Shown => {
    const short = cut(text, limit);
    return {
      ...rest,
      payload: { kind, text: short, bytes, cut: short !== text || (!isParsed && kind !== 'masked') },
    };
  };
  if (tombstone) return view('tombstone', '');
  if (shown.value === undefined) {
    if (mask !== undefined) return view('masked', '');
    return view('bytes', Buffer.from(data.subarray(0, limit)).toString('base64'));
  }
  if (typeof shown.value === 'string') return view('text', shown.value);
  return view(
    'json',
    jsonOf(shown.value, limit > PREVIEW_BYTES) ?? (mask === undefined ? (textOf(data) ?? '') : ''),
  );
}

/** Undefined for what is nested too deeply. */
function jsonOf(value: unknown, isIndented: boolean): string | undefined {
  try {
    return JSON.stringify(value, null, isIndented ? 2 : undefined);
  } catch {
    return undefined;
  }
}

/** JSON, with the digits that it has, else text; undefined where it is no UTF-8. */
function parsed(data: Uint8Array): unknown {
  const text = textOf(data);
  if (text === undefined) return undefined;
  try {
    return parseExactly(text);
  } catch {
    return text;
  }
}

/** The first characters of a large text. */
function beginning(data: Uint8Array, limit: number): string | undefined {
  // A character that is cut in two must not make it bytes.
  for (const end of [0, 1, 2, 3]) {
    const text = textOf(data.subarray(0, limit * 4 - end));
    if (text !== undefined) return text;
  }
  return undefined;
}

function textOf(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}

function textOfHeader(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : (textOf(value) ?? Buffer.from(value).toString('base64'));
}

/** Not between the halves of a character. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = /[\ud800-\udbff]/.test(text.charAt(limit - 1)) ? limit - 1 : limit;
  return text.slice(0, end);
}

function known<T extends object>(all: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as never;
}
