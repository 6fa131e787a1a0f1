/** The metadata of a dead letter. Anyone may have written it, so nothing in it is taken for granted. */
import type { IncomingMessage } from '../driver/message.js';
import { parseTimestamp } from '../envelope/rfc3339.js';
import { findHeader, headerText } from '../headers.js';
import { type Message, ReceivedMessage } from '../pipeline/message.js';
import { writtenAt } from './format.js';
import { parkNoteOf } from './park/park-note.js';

/** A message that a group could not handle. What its headers do not say, or not so that it can be read, is undefined. */
export interface DeadLetter {
  /** The message as it was, with the dead letter's headers added. */
  readonly message: Message;
  readonly originalTopic: string | undefined;
  /** As in `formatPosition`: `3:1042` with a partition, `1042` without. */
  readonly originalPosition: string | undefined;
  /** The group that failed; undefined where publishing failed, not handling. */
  readonly group: string | undefined;
  readonly errorMessage: string | undefined;
  readonly errorCode: string | undefined;
  readonly attempts: number | undefined;
  readonly failedAt: Date | undefined;
  /** The key that is parked, where the message waits for its key to be redriven. */
  readonly parkedKey: string | undefined;
}

/** Reads the headers of a dead letter. Never throws: missing or malformed headers are left out. */
export function readDeadLetter(incoming: IncomingMessage): DeadLetter {
  const text = (name: string) => {
    const value = findHeader(incoming.headers, name);
    return value === undefined || value.length === 0 ? undefined : headerText(value);
  };
  return {
    message: new ReceivedMessage(incoming),
    originalTopic: text('X-Original-Topic'),
    originalPosition: text('X-Original-Position'),
    group: text('X-Consumer-Group'),
    errorMessage: text('X-Error-Message'),
    errorCode: text('X-Error-Code'),
    attempts: countOf(text('X-Attempts')),
    failedAt: dateOf(incoming),
    parkedKey: parkNoteOf(incoming)?.key,
  };
}

/** Oldest first; those that do not say when come first. */
export function byFailure({ failedAt: a }: DeadLetter, { failedAt: b }: DeadLetter): number {
  return (a?.getTime() ?? 0) - (b?.getTime() ?? 0);
}

function countOf(text: string | undefined): number | undefined {
  const count = text !== undefined && /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(count) ? count : undefined;
}

function dateOf({ headers }: IncomingMessage): Date | undefined {
  const written = writtenAt(headers);
  const ms = written === undefined ? Number.NaN : parseTimestamp(headerText(written));
  return Number.isNaN(ms) ? undefined : new Date(ms);
}
