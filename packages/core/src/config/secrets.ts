/** Keeps secrets out of error messages. */
import { redactSecrets } from '../util/redact.js';

const SECRET_KEY = /passw|passphrase|^pass$|^pwd$|token|secret|credential|private|jwt|seed|api_?key|^auth/i;
/** Where a URL may be. */
const WORD = /[^\s"']+/g;
/** Shorter ones would mask parts of ordinary words. */
const SHORTEST = 4;
const LONGEST_SHOWN = 100;
/** Longer texts are no mistyped settings. */
const LONGEST_VALUE = 1_000;
const LONGEST_MESSAGE = 2_000;
const LONGEST_SEARCHED = 100_000;
/** Each of them is looked for in each message. */
const MAX_SECRETS = 1_000;

/** Whether values under such a key must never be shown. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** The secrets of one configuration, collected while it is read. */
export class Secrets {
  readonly #values = new Set<string>();
  /** No message can be trusted to be without one. */
  tooMany = false;

  add(value: string): void {
    if (value.length < SHORTEST) return;
    if (this.#values.size < MAX_SECRETS) this.#values.add(value);
    else this.tooMany = true;
  }

  /** The text without the secrets in it, wherever they came from. */
  redact(text: string): string {
    if (this.tooMany) return 'is wrong (no more is shown: the configuration holds more than 1,000 secrets)';
    let result = text.slice(0, LONGEST_SEARCHED).replace(WORD, withoutLogin);
    for (const value of this.#values) if (result.includes(value)) result = result.replaceAll(value, '***');
    return result.length > LONGEST_MESSAGE ? `${result.slice(0, LONGEST_MESSAGE)}…` : result;
  }

  /** The value found, for a message: `got 5`; no more than its kind below a secret key. */
  describe(path: readonly PropertyKey[], value: unknown): string {
    if (Array.isArray(value)) return 'a list';
    if (value === null) return 'nothing';
    if (typeof value === 'object') return 'an object';
    if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
    if (path.some((key) => isSecretKey(String(key)) || key === 'security'))
      return `a ${typeof value} (not shown)`;
    if (typeof value === 'string' && value.length > LONGEST_VALUE)
      return `a text of ${value.length.toLocaleString('en')} characters`;
    const shown = redactSecrets(
      this.redact(typeof value === 'string' ? JSON.stringify(value) : String(value)),
    );
    return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown;
  }
}

/** Without a login in front of a host; up to the last `@`, since a password may hold an unescaped one. */
function withoutLogin(word: string): string {
  const begin = word.indexOf('://');
  const end = begin < 0 ? -1 : word.lastIndexOf('@');
  return end > begin ? `${word.slice(0, begin)}://***${word.slice(end)}` : word;
}
