/** Reading JSON whose integers may be beyond 2^53, where JavaScript's numbers have gaps. */
import { systemClock } from '../clock.js';
import { randomUuid } from '../util/uuid.js';

/** How such integers are read: as the text of their digits, or as `bigint`. */
export type BigIntegers = 'string' | 'bigint';

/** An integer that a number cannot hold has at least 16 digits. */
const CANDIDATE = /[0-9]{16}/;
/** Marks a text that stands for an integer while `JSON.parse` is at work. Made by chance, so that no message holds it. */
const MARK = `\0${randomUuid(systemClock)}:`;

/** Digits of an integer. To read more takes a time that grows faster than their number. */
const MAX_DIGITS = 1_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;

/**
 * As `JSON.parse`, but integers beyond `Number.MAX_SAFE_INTEGER` keep their digits. Numbers with a fraction or an
 * exponent are read as numbers. Costs little more than `JSON.parse` where no such integer is there.
 * @throws SyntaxError for text that is no JSON, and for an integer of more than 1,000 digits
 */
export function parseJson(text: string, as: BigIntegers): unknown {
  const value: unknown = JSON.parse(text);
  if (!CANDIDATE.test(text)) return value;
  // The text is valid from here on.
  const marked = quoteBigIntegers(text, as === 'bigint' ? `"${JSON.stringify(MARK).slice(1, -1)}` : '"');
  if (marked === undefined) return value;
  return as === 'bigint' ? unmark(JSON.parse(marked)) : JSON.parse(marked);
}

/** Makes texts of the integers that a number cannot hold; `undefined` where there is none. */
function quoteBigIntegers(json: string, quote: string): string | undefined {
  let result = '';
  let copied = 0;
  let at = 0;
  while (at < json.length) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(json, at);
    } else if (code === MINUS || isDigit(code)) {
      const end = endOfNumber(json, at);
      const digits = json.slice(at, end);
      if (isTooBig(digits)) {
        if (digits.length > MAX_DIGITS) {
          throw new SyntaxError(
            `an integer of ${digits.length} digits at position ${at}, and ${MAX_DIGITS} are allowed`,
          );
        }
        result += `${json.slice(copied, at)}${quote}${digits}"`;
        copied = end;
      }
      at = end;
    } else at++;
  }
  return copied === 0 ? undefined : result + json.slice(copied);
}

/** Behind the closing quote. */
function endOfString(json: string, start: number): number {
  let end = start;
  for (;;) {
    end = json.indexOf('"', end + 1);
    let backslashes = 0;
    while (json.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
}

function endOfNumber(json: string, start: number): number {
  let end = start + 1;
  while (end < json.length && isInNumber(json.charCodeAt(end))) end++;
  return end;
}

/** A digit, `.`, `e`, `E`, `+` or `-`. */
function isInNumber(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b || code === MINUS;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isTooBig(number: string): boolean {
  return number.length >= 16 && /^-?[0-9]+$/.test(number) && !Number.isSafeInteger(Number(number));
}

/** In place: the value was made here. */
function unmark(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value;
  // With a list of what is left to do: a message may be nested deeper than the stack is.
  const root = { value };
  const left: Record<string, unknown>[] = [root];
  for (let holder = left.pop(); holder !== undefined; holder = left.pop()) {
    for (const key of Object.keys(holder)) {
      const member = holder[key];
      if (typeof member === 'object' && member !== null) left.push(member as Record<string, unknown>);
      else if (typeof member === 'string' && member.startsWith(MARK))
        set(holder, key, BigInt(member.slice(MARK.length)));
    }
  }
  return root.value;
}

/** Also where the key is `__proto__`, which is a plain key in JSON. */
function set(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}
