/** Runs something that may hang, for no longer than so many milliseconds. */
import type { Clock, TimerHandle } from '../clock.js';

export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly timedOut: boolean; readonly error: unknown };

/** Aborts the signal at the time limit and goes on; never rejects. What comes later is ignored. */
export async function within(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<Outcome> {
  const abort = new AbortController();
  let timer: TimerHandle | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = clock.setTimeout(() => {
      const error = new Error(`no answer within ${ms} ms`);
      resolve({ ok: false, timedOut: true, error });
      abort.abort(error);
    }, ms);
  });
  const done = work(abort.signal).then(
    (): Outcome => ({ ok: true }),
    (error: unknown): Outcome => ({ ok: false, timedOut: false, error }),
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    if (timer !== undefined) clock.clearTimeout(timer);
  }
}
