/** Headers that control ebus or a broker: applications neither set them nor pass them on. */

/** Names the group that a redriven message is for; other groups settle it without handling it. */
export const REDRIVE_GROUP_HEADER = 'X-Redrive-Group';

/** Whether it has that name, in any case. */
export function isRedriveHeader(name: string): boolean {
  if (name.length !== REDRIVE_GROUP_HEADER.length) return false;
  if (name === REDRIVE_GROUP_HEADER) return true;
  // Other headers of envelopes are as long; none of them has this letter there.
  return (name.charCodeAt(2) | LOWER_CASE) === LOWER_R && name.toLowerCase() === LOWER_NAME;
}

const LOWER_NAME = REDRIVE_GROUP_HEADER.toLowerCase();
const NAMES = new Set(['x-redrive-group', 'x-consumer-group', 'x-attempts']);
const PREFIXES = ['x-original-', 'x-error-', 'x-ebus-', 'nats-'];

const LOWER_N = 0x6e;
const LOWER_R = 0x72;
const LOWER_X = 0x78;
const LOWER_CASE = 0x20;

/**
 * `X-Redrive-Group`, `X-Consumer-Group`, `X-Attempts`, `X-Original-*`, `X-Error-*`, `X-Ebus-*` and `Nats-*`, in any case:
 * who sets them hides messages from groups, forges dead letters, or has the NATS server drop messages.
 */
export function isReservedHeader(name: string): boolean {
  const first = name.charCodeAt(0) | LOWER_CASE;
  if (first !== LOWER_X && first !== LOWER_N) return false;
  const lower = name.toLowerCase();
  return NAMES.has(lower) || PREFIXES.some((prefix) => lower.startsWith(prefix));
}

/** @throws TypeError for a reserved header, saying what to do */
export function refuseReservedHeader(name: string): void {
  if (!isReservedHeader(name)) return;
  throw new TypeError(
    `header '${name}' is reserved for ebus and the broker; use another name. To pass on the headers of a received ` +
      'message give its message.headers, or entries of it: reserved ones are left out then',
  );
}
