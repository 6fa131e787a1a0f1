/** Masks what looks like a secret in a text that leaves the process: a log line, a header, an event, a span. */

/** Gives the text without what must not be shown. */
export type Redact = (text: string) => string;

/** A login in front of a host; up to the last `@`, since a password may hold an unescaped one. */
export const LOGIN_IN_URL = /(:\/\/)[^\s"'<>]{0,512}@/g;

/** The words, or ends of words, by which a value is known to be a secret. */
const NAMED =
  '(?:passphrase|password|passwd|pwd|secret|credentials?|(?:api|access|account|private)[_-]?key|authorization|' +
  'token|signature|\\bsig|\\bjwt|\\bseed)';
const PASSWORD = '(?:passphrase|password|passwd|pwd|secret)';

/** A quote, also within a text that is quoted itself. */
const QUOTE = '\\\\?["\']';
/** Quoted, perhaps cut off; or up to what separates it from the next. */
const VALUE =
  '(?:\\\\?"(?:[^"\\\\]|\\\\[^"]|\\\\"(?=[^\\s,;}\\])]))*(?:\\\\?")?|\'[^\']*\'?|[^\\s&;,"\')\\]}]+)';

/** Bounded repetitions throughout: the time they take is in proportion to the text. */
const SHAPES: readonly (readonly [shape: RegExp, instead: string])[] = [
  // Keys, certificates, and the two halves of a NATS credentials file. A block that is cut off is masked to its end.
  [/-----BEGIN ([A-Z0-9 ]{1,40})-----[\s\S]*?(?:-----+END [A-Z0-9 ]{1,40}-+|$)/g, '-----BEGIN $1----- ***'],
  [LOGIN_IN_URL, '$1***@'],
  // user:password@tcp(host), as MySQL's connection strings have it.
  [/[^\s:/@"']{1,64}:[^\s@"']{1,128}@(?=(?:tcp|udp|unix)\()/g, '***@'],
  // eyJ… is the beginning of a JSON Web Token.
  [/\beyJ[\w-]{8,}(?:\.[\w-]+){0,4}/g, '***'],
  // Seeds of nkeys: S, what they are for, base32.
  [/\bS[ACNOUX][A-Z2-7]{40,70}\b/g, '***'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, '***'],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|[sr]k_live_)[\w-]{10,}/g, '***'],
  [/\b(Bearer|Basic|Negotiate)\s{1,4}(?=[^\s"',;]{0,100}[\d=_.])[^\s"',;]{6,}/gi, '$1 ***'],
  // password=x, Password = 'x', ?access_token=x; "password": "x"
  [new RegExp(`(${NAMED}(?:${QUOTE})?\\s{0,4}=\\s{0,4})${VALUE}`, 'gi'), '$1***'],
  [new RegExp(`(${NAMED}${QUOTE}\\s{0,4}:\\s{0,4})${VALUE}`, 'gi'), '$1***'],
  // password: x. Not token: x, which is how parsers speak, unless it looks like one.
  [new RegExp(`(${PASSWORD}\\s{0,4}:\\s{0,4})${VALUE}`, 'gi'), '$1***'],
  [/((?:token|key):\s{0,4})(?=[^\s"',;]{0,100}\d)[\w.~+/=-]{16,}/gi, '$1***'],
];

const SECRET_NAME = new RegExp(`${NAMED}$`, 'i');

/** True for names of fields whose values are secrets: `password`, `access_token`, `Authorization`. */
export function namesSecret(name: string): boolean {
  return SECRET_NAME.test(name.slice(-100));
}

/** The text with `***` in place of logins, passwords, tokens and keys in their common shapes. */
export function redactSecrets(text: string): string {
  let result = text;
  for (const [shape, instead] of SHAPES) result = result.replace(shape, instead);
  return result;
}
