/** Names that no other test, file or run on the same broker uses. */
import { randomBytes } from 'node:crypto';

const run = randomBytes(5).toString('hex');
let made = 0;

/** `conformance-<kind>-<run>-<n>`: letters, digits and dashes, which every broker takes. */
export function uniqueName(kind: string): string {
  made++;
  return `conformance-${kind}-${run}-${made}`;
}
