/**
 * The state of one key, as the records of the dead-letter topic tell it. Pure.
 *
 *     free ── letter ──▶ parked ── handled through the last letter ──▶ free
 *                        │    ▲
 *                        └────┘ further letters; handled through an earlier one
 *
 * A key is parked while, in one of its logs, a letter is behind the place through which all is handled. So the order in which
 * the records are read does not matter, and records may be read twice.
 */
import { compareWithin, type LogPlace, logOf } from './log-order.js';

interface OfLog {
  /** All up to there is handled. */
  readonly through: LogPlace | undefined;
  /** The newest letter. */
  readonly last: LogPlace | undefined;
}

/** One key. */
export interface ParkedKey {
  /** By log: mostly one. */
  readonly logs: ReadonlyMap<string, OfLog>;
  /** Letters that wait. A letter that was written out of order, by a process that had been expelled, may not be counted. */
  readonly letters: number;
}

/** A key of which nothing is known. */
export const FREE: ParkedKey = Object.freeze({ logs: new Map(), letters: 0 });

const UNKNOWN: OfLog = { through: undefined, last: undefined };

/** Whether letters of the key wait. */
export function isParked({ logs }: ParkedKey): boolean {
  for (const { last, through } of logs.values())
    if (last !== undefined && isAfter(last, through)) return true;
  return false;
}

/** Whether that message is a letter already, or was handled. */
export function isKnown({ logs }: ParkedKey, at: LogPlace): boolean {
  const { last, through } = logs.get(logOf(at)) ?? UNKNOWN;
  return !isAfter(at, last) || !isAfter(at, through);
}

/** Through where all of that log is handled. */
export function throughOf({ logs }: ParkedKey, at: LogPlace): LogPlace | undefined {
  return logs.get(logOf(at))?.through;
}

/** A letter was written. What is handled by then stays handled: its writer had been expelled. */
export function withLetter(key: ParkedKey, at: LogPlace): ParkedKey {
  if (isKnown(key, at)) return key;
  const of = key.logs.get(logOf(at)) ?? UNKNOWN;
  return { logs: new Map(key.logs).set(logOf(at), { ...of, last: at }), letters: key.letters + 1 };
}

/** All up to those places is handled, of it so many letters. */
export function withHandled(key: ParkedKey, through: readonly LogPlace[], count: number): ParkedKey {
  const logs = new Map(key.logs);
  let isNew = false;
  for (const place of through) {
    const of = logs.get(logOf(place)) ?? UNKNOWN;
    if (!isAfter(place, of.through)) continue;
    logs.set(logOf(place), { ...of, through: place });
    isNew = true;
  }
  if (!isNew) return key;
  const letters = isParked({ logs, letters: 0 }) ? Math.max(1, key.letters - count) : 0;
  return { logs, letters };
}

function isAfter(at: LogPlace, other: LogPlace | undefined): boolean {
  return other === undefined || compareWithin(at, other) > 0;
}
