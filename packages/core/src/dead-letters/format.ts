/** The format of dead letters: the unchanged message, and headers that say where and why it failed. */
import { formatPosition, type Position } from '../driver/message.js';
import { EbusError, reasonOf } from '../errors.js';
import { findHeader, type HeaderList, type HeaderValue } from '../headers.js';
import { REDRIVE_GROUP_HEADER } from '../reserved-headers.js';
import { type Disclose, disclosed } from '../util/disclose.js';

/** Headers that every dead letter gets. Redriving removes them again. */
export const DEAD_LETTER_HEADERS = [
  'X-Original-Topic',
  'X-Original-Position',
  'X-Consumer-Group',
  'X-Error-Message',
  'X-Error-Code',
  'X-Attempts',
  'X-Timestamp',
] as const;

/** Makes a dead letter, or a note without a message, a part of a parked key. */
export const PARK_HEADER = 'X-Ebus-Park';

/** Makes a redriven message a request to park its key: the message is the first that waits. */
export const PARK_REQUEST_HEADER = 'X-Ebus-Park-Key';

const ORIGINAL_TOPIC = 'x-original-topic';
/** The only one of them that applications use, too: theirs comes first and stays. */
const TIMESTAMP = 'x-timestamp';
const REMOVED = new Set<string>(
  [...DEAD_LETTER_HEADERS, REDRIVE_GROUP_HEADER, PARK_HEADER, PARK_REQUEST_HEADER].map((name) =>
    name.toLowerCase(),
  ),
);
REMOVED.delete(TIMESTAMP);

/** Error texts are cut here, so that a dead letter is never refused for its headers. */
const MAX_ERROR_TEXT = 900;

/** `<topic>.dlq`. */
export function defaultDeadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}

/** Whether the name ends as dead-letter topics do by default. */
export function isDeadLetterTopic(topic: string): boolean {
  return topic.endsWith('.dlq');
}

/** Why a message is dead-lettered, and where it came from. */
export interface DeadLetterReason {
  readonly topic: string;
  readonly position: Position | undefined;
  readonly group: string | undefined;
  readonly error: unknown;
  /** How the text of the error is made fit to leave the process. */
  readonly disclose?: Disclose;
  readonly attempts: number;
  /** Of a letter that is parked: the value of `X-Ebus-Park`. */
  readonly parked?: string | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * The original headers, in order and byte for byte, followed by the dead letter's own. Headers by which a broker
 * is controlled (`Nats-*`) are left out, and those of an earlier dead letter are replaced. `required` adds only those
 * without which it could not be redriven: for messages that leave no room for more.
 */
export function deadLetterHeaders(
  original: HeaderList,
  reason: DeadLetterReason,
  added: 'all' | 'required' = 'all',
): HeaderList {
  const headers: [string, HeaderValue][] = [];
  for (const [name, value] of withoutDeadLetterHeaders(original)) {
    if (!name.toLowerCase().startsWith('nats-')) headers.push([name, value]);
  }
  headers.push(['X-Original-Topic', reason.topic]);
  if (added === 'all' && reason.position !== undefined) {
    headers.push(['X-Original-Position', formatPosition(reason.position)]);
  }
  if (reason.group !== undefined) headers.push(['X-Consumer-Group', reason.group]);
  if (reason.parked !== undefined) headers.push([PARK_HEADER, reason.parked]);
  if (added === 'required') return headers;
  headers.push(['X-Error-Message', errorText(reason)]);
  headers.push(['X-Error-Code', EbusError.isInstance(reason.error) ? reason.error.code : 'HANDLER_FAILED']);
  headers.push(['X-Attempts', String(reason.attempts)]);
  headers.push(['X-Timestamp', new Date(reason.now).toISOString()]);
  return headers;
}

/** The headers that the message had before it was dead-lettered. */
export function withoutDeadLetterHeaders(headers: HeaderList): HeaderList {
  const added = ownTimestamp(headers);
  return headers.filter(([name], index) => index !== added && !REMOVED.has(name.toLowerCase()));
}

/** Whether these are the headers of a dead letter. */
export function isDeadLetter(headers: HeaderList): boolean {
  return findHeader(headers, ORIGINAL_TOPIC) !== undefined;
}

/** When a dead letter was written, as it says; its message may have a header of that name, too, before it. */
export function writtenAt(headers: HeaderList): HeaderValue | undefined {
  return headers[ownTimestamp(headers)]?.[1];
}

/** Where the dead letter's own `X-Timestamp` is: behind all earlier headers. -1 in other messages. */
function ownTimestamp(headers: HeaderList): number {
  let last = -1;
  let isLetter = false;
  let timestampIsOurs = false;
  for (const [index, [name]] of headers.entries()) {
    const lower = name.toLowerCase();
    if (lower === ORIGINAL_TOPIC) {
      isLetter = true;
      timestampIsOurs = false;
    } else if (lower === TIMESTAMP) {
      last = index;
      timestampIsOurs = isLetter;
    }
  }
  return timestampIsOurs ? last : -1;
}

/** One line of text for any thrown value. */
function errorText({ error, disclose = disclosed }: DeadLetterReason): string {
  return disclose(reasonOf(error).replace(/\s+/g, ' '), MAX_ERROR_TEXT);
}
