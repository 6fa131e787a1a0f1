/** Durations: plain milliseconds, or text such as `500ms`, `2m`, `1h30m`. */
import { describeValue } from './util/describe-value.js';

/** Units of durations: milliseconds, seconds, minutes, hours, days. */
export type Unit = 'ms' | 's' | 'm' | 'h' | 'd';
/** Milliseconds, or text such as `500ms`, `1h30m`. */
export type Duration =
  | number /* ms */
  | `${number}${Unit}`
  | `${number}${Unit}${number}${Unit}` /* '1h30m' */;

/** The units from the largest to the smallest, in milliseconds. */
const UNITS: readonly (readonly [name: Unit, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/y;

/**
 * The duration in milliseconds, text rounded to a microsecond.
 *
 * Numbers are milliseconds. Text is one or more `<number><unit>` parts, each unit at most once and in
 * descending order (`d`, `h`, `m`, `s`, `ms`), so Go's format (`1h0m0s`) is read as well.
 * @throws TypeError for negative, infinite or unreadable values; it names the allowed forms
 */
export function parseDuration(value: Duration): number {
  const ms = readDuration(value);
  if (ms >= 0) return ms;
  const meant = probablyMeant(value);
  throw new TypeError(
    `invalid duration ${describeValue(value)}: ${meant === undefined ? '' : `did you mean '${meant}'? `}use milliseconds ` +
      "as a number that is not negative, or text such as '500ms', '1.5s', '2m', '1h30m', '7d'",
  );
}

/** Units as people write them, with their milliseconds. */
const WORDS: readonly (readonly [word: RegExp, ms: number])[] = [
  [/^(ms|msecs?|millis?|milliseconds?)$/i, 1],
  [/^(s|secs?|seconds?)$/i, 1_000],
  [/^(m|mins?|minutes?)$/i, 60_000],
  [/^(h|hrs?|hours?)$/i, 3_600_000],
  [/^(d|days?)$/i, 86_400_000],
  [/^(w|weeks?)$/i, 7 * 86_400_000],
  [/^(y|yrs?|years?)$/i, 365 * 86_400_000],
];

/** `10 seconds`, `5min`, `1y` as this module writes them. */
function probablyMeant(value: unknown): string | undefined {
  const [, number, word] =
    /^\s*(\d{1,9}(?:\.\d{1,3})?)\s*([a-z]{1,12})\s*$/i.exec(
      typeof value === 'string' ? value.slice(0, 40) : '',
    ) ?? [];
  if (number === undefined || word === undefined) return undefined;
  const ms = WORDS.find(([pattern]) => pattern.test(word))?.[1];
  return ms === undefined ? undefined : formatDuration(Number(number) * ms);
}

/** The same without an error: NaN for other values. */
export function readDuration(value: unknown): number {
  if (typeof value === 'number') return value >= 0 && value < Number.POSITIVE_INFINITY ? value : Number.NaN;
  if (typeof value !== 'string') return Number.NaN;
  const ms = parseText(value);
  return ms < Number.POSITIVE_INFINITY ? ms : Number.NaN;
}

/** Milliseconds, or NaN where the text is no duration. */
function parseText(text: string): number {
  let total = 0;
  let position = 0;
  let smallest = -1;
  while (position < text.length) {
    PART.lastIndex = position;
    const match = PART.exec(text);
    if (match === null) return Number.NaN;
    const rank = UNITS.findIndex(([name]) => name === match[2]);
    if (rank <= smallest) return Number.NaN;
    smallest = rank;
    total += Number(match[1]) * (UNITS[rank]?.[1] ?? Number.NaN);
    position = PART.lastIndex;
  }
  return smallest < 0 ? Number.NaN : Math.round(total * 1_000) / 1_000;
}

/**
 * The shortest exact text for a number of milliseconds: `1h30m`, `1.5s`, `250ms`; `parseDuration` reads it back.
 * From one second up it is rounded to whole milliseconds. Never throws: for messages, a negative or infinite number
 * is shown as it is.
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return `${ms}ms`;
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1_000) return `${Math.round(ms * 1_000) / 1_000}ms`;
  let rest = Math.round(ms);
  let text = '';
  for (const [name, size] of UNITS.slice(0, 3)) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${name}`;
    rest -= count * size;
  }
  return rest > 0 ? `${text}${rest / 1_000}s` : text;
}
