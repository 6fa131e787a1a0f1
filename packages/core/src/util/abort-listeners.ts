/** Many entries that wait for few signals, with one listener on each signal. */

/**
 * Calls `onAbort` for the entries of a signal when it aborts, in the order in which they were added. Node warns of a
 * leak from the eleventh listener on one `AbortSignal`; a signal shared by thousands of calls has one here.
 */
export class AbortListeners<T> {
  readonly #onAbort: (entry: T) => void;
  readonly #groups = new Map<AbortSignal, Group<T>>();

  constructor(onAbort: (entry: T) => void) {
    this.#onAbort = onAbort;
  }

  /** The signal must not have aborted yet. An entry may be added once to a signal. */
  add(signal: AbortSignal, entry: T): void {
    let group = this.#groups.get(signal);
    if (group === undefined) {
      group = { entries: new Set(), listener: () => this.#abort(signal) };
      this.#groups.set(signal, group);
      signal.addEventListener('abort', group.listener);
    }
    group.entries.add(entry);
  }

  /** Idempotent; also harmless for an entry that was never added. */
  remove(signal: AbortSignal, entry: T): void {
    const group = this.#groups.get(signal);
    if (group === undefined || !group.entries.delete(entry) || group.entries.size > 0) return;
    this.#groups.delete(signal);
    signal.removeEventListener('abort', group.listener);
  }

  #abort(signal: AbortSignal): void {
    // Each is removed right before its turn, so that one that the callback removes is not called.
    for (const entry of this.#groups.get(signal)?.entries ?? []) {
      this.remove(signal, entry);
      this.#onAbort(entry);
    }
  }
}

interface Group<T> {
  readonly entries: Set<T>;
  readonly listener: () => void;
}

const waiting = new AbortListeners<() => void>((listener) => listener());

/**
 * Calls the listener once when the signal aborts, which must not have happened yet. All listeners of this process share one
 * on each signal. The function returned takes it off; it is harmless afterwards.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  // One that is given twice is called twice.
  const entry = () => listener();
  waiting.add(signal, entry);
  return () => waiting.remove(signal, entry);
}
