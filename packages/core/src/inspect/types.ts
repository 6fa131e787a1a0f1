/** Options of looking at topics, and their checks. */
import type { OffsetValue } from '../driver/message.js';
import { abortSignal, count, filledText, kind, positiveInteger } from '../util/option-kinds.js';
import { optionTable } from '../util/options.js';

/** Options of every question about the broker. */
export interface AskOptions {
  signal?: AbortSignal;
}

/**
 * Where looking begins. A date: with the first message that was stored then or later. `last`: so many before the end of each
 * partition. A position, as messages have it: with that message, in its partition alone. A group: with the first message that it
 * has not settled.
 */
export type LookFrom =
  | 'earliest'
  | 'latest'
  | Date
  | { readonly last: number }
  | { readonly partition?: number; readonly offset: OffsetValue }
  | { readonly group: string };

/** What to look at. */
export interface LookOptions {
  /** Default: `earliest` for `browse`, `latest` for `tail`. */
  from?: LookFrom;
  /** That partition alone. */
  partition?: number;
  /** Messages of that key alone. All are read for it. */
  key?: string;
  /** At most so many. Default: no limit. */
  limit?: number;
  signal?: AbortSignal;
}

function isFrom(value: unknown): boolean {
  if (value === 'earliest' || value === 'latest') return true;
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  if (typeof value !== 'object' || value === null) return false;
  const { last, offset, group } = value as { last?: unknown; offset?: unknown; group?: unknown };
  if (typeof group === 'string') return group !== '';
  if (last !== undefined) return typeof last === 'number' && Number.isInteger(last) && last >= 0;
  return typeof offset === 'number' ? offset >= 0 : typeof offset === 'bigint' || typeof offset === 'string';
}

const FROM = kind(
  "'earliest', 'latest', a valid Date, { last: 10 }, { group: 'billing' } or a position such as { partition: 0, offset: 42 }",
  isFrom,
  "'earliest'",
);

/** The options of `browse` and `tail`, as they are checked. */
export const LOOK_OPTIONS = optionTable<LookOptions>({
  from: FROM,
  partition: count,
  key: filledText,
  limit: positiveInteger,
  signal: abortSignal,
});
