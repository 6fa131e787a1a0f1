/** Waiting for others and for time, with a limit: nothing stays behind in the clock or on a signal. */
import type { Clock } from '../clock.js';
import { abortError } from '../errors.js';
import { onAbort } from './abort-listeners.js';
import { type BackoffOptions, backoffDelay } from './backoff.js';

type Timers = Pick<Clock, 'setTimeout' | 'clearTimeout'>;

/** A limit in milliseconds, and a signal that ends it before. Its timer keeps the process alive until the work or the limit comes. */
export interface TimeLimit {
  readonly clock: Timers;
  readonly ms: number;
  readonly signal?: AbortSignal | undefined;
}

/** How long foreign code may take to heed its signal. */
const HEED_MS = 1_000;

/**
 * The outcome of `work`. Where the time is up or the signal aborts first, the outcome of `late`, which may throw; the work
 * goes on unheeded, and its rejection ends no process.
 */
export function within<T, L>(
  work: Promise<T>,
  limit: AbortSignal | TimeLimit,
  late: () => L,
): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const stopWaiting = limited(limit, () => {
      try {
        resolve(late());
      } catch (error) {
        reject(error);
      }
    });
    work.then(
      (value) => {
        stopWaiting();
        resolve(value);
      },
      (error: unknown) => {
        stopWaiting();
        reject(error);
      },
    );
  });
}

/** The work's outcome, or a rejection with `ABORTED` as soon as the signal aborts; the work itself goes on. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined, what: string): Promise<T> {
  if (signal === undefined) return work;
  return within(work, signal, () => {
    throw abortError(signal, what);
  });
}

/** True if the work settles, well or not, within so many milliseconds; it goes on otherwise. Never rejects. */
export function settledWithin(clock: Timers, work: Promise<unknown>, ms: number): Promise<boolean> {
  const done = () => true;
  return within(work.then(done, done), { clock, ms }, () => false);
}

/**
 * The outcome of `work`. Once the signal aborts, the work has a second left to end with an outcome of its own; after that
 * the outcome of `late`, which may throw.
 */
export function heeding<T>(work: Promise<T>, signal: AbortSignal, clock: Timers, late: () => T): Promise<T> {
  return within(work, signal, () => within(work, { clock, ms: HEED_MS }, late)) as Promise<T>;
}

/** Resolves after so many milliseconds, or as soon as the signal aborts; never rejects. Its timer keeps the process alive. */
export function pause(clock: Timers, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => void limited({ clock, ms, signal }, resolve));
}

/** The pause after the given failed attempt (1-based), as `backoffDelay` has it. */
export function backOff(
  clock: Timers & Pick<Clock, 'random'>,
  options: BackoffOptions,
  attempt: number,
  signal?: AbortSignal,
): Promise<void> {
  return pause(clock, backoffDelay(options, attempt, clock), signal);
}

/** Calls `over` once at the limit: at once where the signal has aborted. The function returned gives the limit up. */
function limited(limit: AbortSignal | TimeLimit, over: () => void): () => void {
  const [clock, signal] = 'ms' in limit ? [limit.clock, limit.signal] : [undefined, limit];
  if (signal?.aborted === true) {
    over();
    return () => {};
  }
  const end = () => {
    stop();
    over();
  };
  const timer = clock?.setTimeout(end, (limit as TimeLimit).ms);
  const unlisten = signal === undefined ? undefined : onAbort(signal, end);
  const stop = () => {
    if (timer !== undefined) clock?.clearTimeout(timer);
    unlisten?.();
  };
  return stop;
}
