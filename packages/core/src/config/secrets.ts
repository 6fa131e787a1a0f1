/** Keeps secrets out of error messages. */

const SECRET_KEY = /passw|passphrase|^pass$|^pwd$|token|secret|credential|private|jwt|seed|api_?key|^auth/i;
/** A login in front of a host; up to the last `@`, since a password may hold one that nobody escaped. */
const LOGIN_IN_URL = /(:\/\/)[^\s"']*@/g;
/** Shorter ones would mask parts of ordinary words. */
const SHORTEST = 4;
const LONGEST_SHOWN = 100;

/** Whether what is found under such a key must never be shown. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** The secrets of one configuration, collected while it is read. */
export class Secrets {
  readonly #values = new Set<string>();

  add(value: string): void {
    if (value.length >= SHORTEST) this.#values.add(value);
  }

  /** The text without the secrets in it, wherever they came from. */
  redact(text: string): string {
    let result = text.replace(LOGIN_IN_URL, '$1***@');
    for (const value of this.#values) if (result.includes(value)) result = result.replaceAll(value, '***');
    return result;
  }

  /** What is there instead of what is wanted, for a message: `got 5`; no more than its kind below a secret key. */
  describe(path: readonly PropertyKey[], value: unknown): string {
    if (Array.isArray(value)) return 'a list';
    if (value === null) return 'nothing';
    if (typeof value === 'object') return 'an object';
    if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
    if (path.some((key) => isSecretKey(String(key)) || key === 'security'))
      return `a ${typeof value} (not shown)`;
    const shown = this.redact(typeof value === 'string' ? JSON.stringify(value) : String(value));
    return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown;
  }
}
