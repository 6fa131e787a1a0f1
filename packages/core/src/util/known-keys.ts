/** Options that do not exist are refused: a misspelt one must not be accepted and ignored. */
import { nearest } from './nearest.js';

/** The first key that is not among the known ones, as a sentence; `undefined` where all are known. */
export function unknownKey(options: object, known: ReadonlySet<string>): string | undefined {
  for (const key in options) {
    if (known.has(key)) continue;
    const near = nearest(key, known);
    const hint = near === undefined ? `; known are ${[...known].join(', ')}` : `, did you mean '${near}'?`;
    return `unknown option '${key}'${hint}`;
  }
  return undefined;
}
