/** Decides which parts of errors and other untrusted texts may leave the process. */
import { reasonOf } from '../errors.js';
import { quietly } from './promise.js';
import { type Redact, redactSecrets } from './redact.js';
import { cutAndEscaped } from './shown.js';

/**
 * The text of a value (the message, of an error) without secrets, on one line, and at most `limit` UTF-16 units long
 * (default 1,000) before a note of how much was left out. Never throws.
 */
export type Disclose = (value: unknown, limit?: number) => string;

const LIMIT = 1_000;
/** Searched for secrets, as a multiple of the shown length: masking makes a text shorter. */
const SEARCHED = 4;
const HOOK_FAILED = '(not shown: the redact function of this bus failed)';

/** With the application's own masking after that of the common shapes. Where the hook throws, nothing is shown. */
export function discloser(hook?: Redact): Disclose {
  const redact = hook === undefined ? redactSecrets : (text: string) => hooked(hook, redactSecrets(text));
  return (value, limit = LIMIT) => {
    const whole = typeof value === 'string' ? value : reasonOf(value);
    const searched = whole.length > limit * SEARCHED ? whole.slice(0, limit * SEARCHED) : whole;
    return cutAndEscaped(redact(searched), limit, whole.length - searched.length);
  };
}

/** Without a hook. */
export const disclosed: Disclose = discloser();

function hooked(hook: Redact, text: string): string {
  try {
    const result: unknown = hook(text);
    quietly(result);
    return typeof result === 'string' ? result : HOOK_FAILED;
  } catch {
    return HOOK_FAILED;
  }
}
