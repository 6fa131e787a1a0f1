/** Texts of strangers, made visible. Pure. */

/** Control characters, and those that turn the direction of a text or are not seen; not tabs, line ends and joined emoji. */
const UNSEEN = /(?![\t\n\r\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** With escapes such as `\u202e` in place of what cannot be seen or deceives. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (one) => {
    const code = (one.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}

/** The same on one line. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim();
}
