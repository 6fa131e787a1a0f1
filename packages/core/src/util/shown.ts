/** Text by strangers, made fit for a log line, an error message or a header. */

/** How much of it is shown where nothing else is asked for, in UTF-16 units. */
export const SHOWN_LIMIT = 200;

/**
 * Control characters (C0, DEL, C1), characters without a glyph of their own (bidirectional controls, zero-width
 * characters, tags), separators of lines and paragraphs, and surrogates without their other half.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const ALL_UNPRINTABLE = new RegExp(UNPRINTABLE, 'gu');

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A text that came from outside (a topic's name, a key, a header, the message of an error, the content of a file)
 * as it may be shown: on one line, without characters that move the cursor, turn the direction of writing or hide,
 * and at most `limit` UTF-16 units long, before a note of how much was left out.
 *
 * The message is taken of an error, and anything else as its text. Never throws. Costs one look at a short, plain text.
 */
export function shown(text: unknown, limit = SHOWN_LIMIT): string {
  return cutAndEscaped(typeof text === 'string' ? text : textOf(text), limit, 0);
}

/** The same of a text that was cut before, by `missing` characters. */
export function cutAndEscaped(whole: string, limit: number, missing: number): string {
  if (whole.length <= limit && missing === 0 && !UNPRINTABLE.test(whole)) return whole;
  let result = '';
  let read = 0;
  for (const character of whole) {
    const piece = UNPRINTABLE.test(character) ? escaped(character) : character;
    if (result.length + piece.length > limit) return cutHere(result, missing + whole.length - read);
    result += piece;
    read += character.length;
  }
  return missing === 0 ? result : cutHere(result, missing);
}

const cutHere = (text: string, missing: number) => `${text}… (${missing} more characters)`;

/** The message of an error, or the text of another thrown value. Never throws; not yet fit to be shown. */
export function textOf(value: unknown): string {
  try {
    if (value instanceof Error) return String(value.message);
    return String(value);
  } catch {
    return 'something that cannot be shown as text';
  }
}

/** The text with every such character escaped, however long it is. */
export function escapeUnprintable(text: string): string {
  return UNPRINTABLE.test(text) ? text.replace(ALL_UNPRINTABLE, escaped) : text;
}

function escaped(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
