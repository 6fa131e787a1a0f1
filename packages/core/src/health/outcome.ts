/** The outcome of work that may hang or fail. */
import type { Clock } from '../clock.js';
import { within } from '../util/waiting.js';

/** Of a check: it went well, failed, or did not answer in time. */
export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly timedOut: boolean; readonly error: unknown };

/**
 * Runs the work for at most so many milliseconds, and aborts its signal then. Never rejects; a later result is
 * ignored.
 */
export function outcomeWithin(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<Outcome> {
  const abort = new AbortController();
  const done = work(abort.signal).then(
    (): Outcome => ({ ok: true }),
    (error: unknown): Outcome => ({ ok: false, timedOut: false, error }),
  );
  return within(done, { clock, ms }, (): Outcome => {
    const error = new Error(`no answer within ${ms} ms`);
    abort.abort(error);
    return { ok: false, timedOut: true, error };
  });
}
