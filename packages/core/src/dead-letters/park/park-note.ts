/**
 * The header that makes a record of a dead-letter topic a part of a parked key: a letter, how far the key was handled, or
 * that a letter was deleted. Anyone may have written it, so it is read with care.
 */
import type { IncomingMessage, Position } from '../../driver/message.js';
import { findHeader, type HeaderList, headerText } from '../../headers.js';
import { shown } from '../../util/shown.js';
import { PARK_HEADER } from '../format.js';
import type { LogPlace } from './log-order.js';

/** Longer keys are not parked. */
export const LONGEST_PARKED_KEY = 4_096;
/** Longer headers are no notes. */
const MAX_LENGTH = 64 * 1024;

/** A message that waits in the dead-letter topic. */
export interface LetterNote {
  readonly kind: 'letter';
  readonly key: string;
  /** The message's place in its own topic. */
  readonly at: LogPlace;
}

/** All messages of the key up to `through` are handled or deleted. */
export interface HandledNote {
  readonly kind: 'handled';
  readonly key: string;
  /** A place for each log that letters came from. */
  readonly through: readonly LogPlace[];
  /** How many letters were handled since the note before. */
  readonly count: number;
  /** The redrive that ended with this note. */
  readonly redrive?: string | undefined;
  /** Why it ended before the last letter. */
  readonly failed?: { readonly code: string; readonly reason: string } | undefined;
}

/** That letter is not to be handled any more. */
export interface DeletedNote {
  readonly kind: 'deleted';
  readonly key: string;
  readonly at: LogPlace;
}

/** A record of a parked key. */
export type ParkNote = LetterNote | HandledNote | DeletedNote;

/** A message's place in its log. */
export function placeOf({ partition = 0, offset, incarnation }: Position): LogPlace {
  const place = { partition, offset: String(offset) };
  return incarnation === undefined ? place : { ...place, log: incarnation };
}

/** The position that `placeOf` was given. */
export function positionOf({ partition, offset, log }: LogPlace): Position {
  const number = Number(offset);
  return {
    partition,
    offset: /^\d+$/.test(offset) && Number.isSafeInteger(number) ? number : offset,
    ...(log === undefined ? {} : { incarnation: log }),
  };
}

/** The value of the header. */
export function parkHeader(note: ParkNote): string {
  return JSON.stringify(note);
}

/** The note of a record; undefined where it has none that can be read. */
export function parkNoteOf({ headers }: Pick<IncomingMessage, 'headers'>): ParkNote | undefined {
  if (headers.length === 0) return undefined;
  const value = findHeader(headers as HeaderList, PARK_HEADER);
  if (value === undefined || value.length > MAX_LENGTH) return undefined;
  try {
    return checked(JSON.parse(headerText(value)));
  } catch {
    return undefined;
  }
}

function checked(note: unknown): ParkNote | undefined {
  if (typeof note !== 'object' || note === null) return undefined;
  const { kind, key, at, through, count, redrive, failed } = note as Record<string, unknown>;
  if (typeof key !== 'string') return undefined;
  if (kind === 'letter' || kind === 'deleted') return isPlace(at) ? { kind, key, at } : undefined;
  if (kind !== 'handled' || !Number.isSafeInteger(count)) return undefined;
  if (!Array.isArray(through) || !through.every(isPlace)) return undefined;
  return {
    kind,
    key,
    through,
    count: count as number,
    redrive: typeof redrive === 'string' ? redrive : undefined,
    failed: failureOf(failed),
  };
}

function isPlace(place: unknown): place is LogPlace {
  if (typeof place !== 'object' || place === null) return false;
  const { partition, offset, log } = place as Record<string, unknown>;
  if (!Number.isSafeInteger(partition) || typeof offset !== 'string') return false;
  return log === undefined || typeof log === 'string' || typeof log === 'number';
}

function failureOf(failed: unknown): HandledNote['failed'] {
  if (typeof failed !== 'object' || failed === null) return undefined;
  const { code, reason } = failed as Record<string, unknown>;
  return { code: shown(code, 100), reason: shown(reason, 1_000) };
}
