/** RFC 3339 date-times, read and written without the detour over `Date` strings. */

/**
 * Epoch milliseconds of a date-time such as `2024-05-01T12:30:00.123456789+02:00`; finer fractions are cut off.
 * A leap second counts as the first of the next minute. NaN for anything that is no RFC 3339 date-time.
 */
export function parseTimestamp(text: string): number {
  const century = twoDigits(text, 0);
  const yearOfCentury = twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  // One missing digit makes the whole negative.
  if ((century | yearOfCentury | month | day | hour | minute | second) < 0) return Number.NaN;
  if (!hasSeparators(text)) return Number.NaN;
  const year = century * 100 + yearOfCentury;
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return Number.NaN;
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN;

  let position = 19;
  let fraction = 0;
  if (text.charCodeAt(position) === 0x2e /* . */) {
    const first = ++position;
    let weight = 100;
    for (let digit = digitAt(text, position); digit >= 0; digit = digitAt(text, ++position)) {
      if (position < first + 3) fraction += digit * weight;
      weight /= 10;
    }
    if (position === first) return Number.NaN;
  }
  const offset = offsetMinutes(text, position);
  const seconds = daysSinceEpoch(year, month, day) * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
  return seconds * 1_000 + fraction;
}

let cachedSecond = Number.NaN;
let cachedPrefix = '';

/**
 * `2024-05-01T10:30:00.123Z`, in UTC with milliseconds; undefined for what RFC 3339 cannot write (no time, or a year
 * outside 0000 to 9999). The text of the last second is kept, because timestamps come in runs.
 */
export function formatTimestamp(ms: number): string | undefined {
  const second = Math.floor(ms / 1_000);
  if (second !== cachedSecond) {
    if (!(ms >= MIN_MS && ms <= MAX_MS)) return undefined;
    cachedPrefix = new Date(second * 1_000).toISOString().slice(0, 20);
    cachedSecond = second;
  }
  const fraction = ms - second * 1_000;
  return `${cachedPrefix}${fraction < 10 ? '00' : fraction < 100 ? '0' : ''}${fraction}Z`;
}

const MIN_MS = Date.parse('0000-01-01T00:00:00.000Z');
const MAX_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** The digit, or negative. */
function digitAt(text: string, position: number): number {
  const digit = text.charCodeAt(position) - 0x30;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

/** The two-digit number, or negative. */
function twoDigits(text: string, position: number): number {
  const tens = text.charCodeAt(position) - 0x30;
  const ones = text.charCodeAt(position + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

/** `-` `-` `T` `:` `:` at their places. */
function hasSeparators(text: string): boolean {
  return (
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    (text.charCodeAt(10) | 0x20) === 0x74 &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a
  );
}

/** Minutes east of UTC, or NaN unless the text ends with a valid `Z` or `±hh:mm` here. */
function offsetMinutes(text: string, position: number): number {
  const sign = text.charCodeAt(position);
  if ((sign | 0x20) === 0x7a /* z */) return text.length === position + 1 ? 0 : Number.NaN;
  const hours = twoDigits(text, position + 1);
  const minutes = twoDigits(text, position + 4);
  if ((hours | minutes) < 0 || hours > 23 || minutes > 59) return Number.NaN;
  if (text.charCodeAt(position + 3) !== 0x3a || text.length !== position + 6) return Number.NaN;
  if (sign === 0x2b /* + */) return hours * 60 + minutes;
  return sign === 0x2d /* - */ ? -(hours * 60 + minutes) : Number.NaN;
}

function daysOfMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar. Source: Howard Hinnant, "chrono-Compatible Low-Level
 * Date Algorithms", `days_from_civil`. `Date.UTC` would read the years 0 to 99 as 1900 to 1999. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
