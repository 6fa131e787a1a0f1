/**
 * The state of one key, as the records of the dead-letter topic tell it. Pure.
 *
 *     free ── letter ──▶ parked ── handled through the last letter ──▶ free
 *                        │    ▲
 *                        └────┘ further letters; handled through an earlier one
 *
 * A key is parked while a letter is behind the place through which all is handled. So the order in which the records are read,
 * and records that are read twice, do not matter.
 */
import type { LogOrder, LogPlace } from './log-order.js';

/** One key of one partition. */
export interface ParkedKey {
  /** All up to there is handled. */
  readonly through: LogPlace | undefined;
  /** The newest letter. */
  readonly last: LogPlace | undefined;
  /** Letters that wait. A letter that was written out of order, by a process that had been expelled, may not be counted. */
  readonly letters: number;
}

/** A key of which nothing is known. */
export const FREE: ParkedKey = Object.freeze({ through: undefined, last: undefined, letters: 0 });

/** Whether letters of the key wait. */
export function isParked({ last, through }: ParkedKey, order: LogOrder): boolean {
  return last !== undefined && (through === undefined || order.compare(last, through) > 0);
}

/** Whether that message is a letter already, or was handled. */
export function isKnown({ last, through }: ParkedKey, at: LogPlace, order: LogOrder): boolean {
  return (
    (last !== undefined && order.compare(at, last) <= 0) ||
    (through !== undefined && order.compare(at, through) <= 0)
  );
}

/** A letter was written. What is handled by then stays handled: its writer had been expelled. */
export function withLetter(key: ParkedKey, at: LogPlace, order: LogOrder): ParkedKey {
  if (isKnown(key, at, order)) return key;
  return { ...key, last: at, letters: key.letters + 1 };
}

/** All up to `through` is handled, of it so many letters. */
export function withHandled(key: ParkedKey, through: LogPlace, count: number, order: LogOrder): ParkedKey {
  if (key.through !== undefined && order.compare(through, key.through) <= 0) return key;
  const moved = { ...key, through };
  return { ...moved, letters: isParked(moved, order) ? Math.max(1, key.letters - count) : 0 };
}
