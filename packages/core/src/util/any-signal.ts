/**
 * Signals that abort with the first of several, and let go of them. `AbortSignal.any` leaves an entry behind on each one, which
 * Node 20 keeps for as long as that one lives: the signal of a bus would grow with each call that it may end.
 */
import { onAbort } from './abort-listeners.js';

/** A signal that listens to others. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** Stops listening to the others. Idempotent. */
  release(): void;
}

/** Aborts with the first of them, for its reason. Release it once nobody listens to it any more. */
export function linkedSignal(...signals: readonly AbortSignal[]): LinkedSignal {
  const aborted = signals.find((signal) => signal.aborted);
  if (aborted !== undefined) return { signal: AbortSignal.abort(aborted.reason), release: () => {} };
  const controller = new AbortController();
  const release = () => {
    for (const stop of listening) stop();
  };
  const listening = signals.map((signal) =>
    onAbort(signal, () => {
      release();
      controller.abort(signal.reason);
    }),
  );
  return { signal: controller.signal, release };
}

/**
 * The same for a short while, which needs no release: `end`, such as a timeout, aborts in any case, sooner or later, and nothing is
 * listened to after that.
 */
export function anySignal(end: AbortSignal, ...others: readonly (AbortSignal | undefined)[]): AbortSignal {
  return linkedSignal(end, ...others.filter((other) => other !== undefined)).signal;
}
