/** Waiting that a caller may give up. */
import { abortError } from '../errors.js';
import { within } from './within.js';

/** The work's outcome, or a rejection with `ABORTED` as soon as the signal aborts; the work itself goes on. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined, what: string): Promise<T> {
  if (signal === undefined) return work;
  return within(work, signal, () => {
    throw abortError(signal, what);
  });
}
