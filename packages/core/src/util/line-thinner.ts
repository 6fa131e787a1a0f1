/** Decides which lines of a flood are written, and counts the others. */
import type { Clock, TimerHandle } from '../clock.js';

/** How many lines of one kind are written at most per window, until a flood has been noticed. */
export const BURST = 20;
/** How long lines of one kind are counted together. */
export const WINDOW_MS = 10_000;
/** Kinds that are remembered; beyond that the ones seen first are forgotten, after their count was told. */
const MAX_KINDS = 500;

interface Kind {
  since: number;
  seen: number;
  held: number;
  readonly tell: (held: number) => void;
}

/**
 * Of each kind of line, 20 are written within 10 s, and the others are counted. The count is told at the end of those
 * 10 s. While a flood goes on, one line of each further 10 s is written, beside the count. Memory and timers are
 * bounded, and the first line of a kind is always written.
 */
export class LineThinner {
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();
  #timer: TimerHandle | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True if the line is to be written now; else it is counted, and `tell` called with the count later. */
  admits(name: string, tell: (held: number) => void): boolean {
    const now = this.#clock.monotonic();
    let kind = this.#kinds.get(name);
    const age = kind === undefined ? 0 : now - kind.since;
    if (kind === undefined || (kind.held === 0 && age >= WINDOW_MS)) {
      this.#kinds.delete(name);
      if (this.#kinds.size >= MAX_KINDS) this.#forgetFirst();
      kind = { since: now, seen: 0, held: 0, tell };
      this.#kinds.set(name, kind);
    }
    kind.seen++;
    if (kind.seen <= BURST) return true;
    kind.held++;
    this.#timer ??= this.#later();
    return false;
  }

  /** Tells every count, and ends the timer. */
  flush(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (const kind of this.#kinds.values()) {
      if (kind.held === 0) continue;
      const { held } = kind;
      kind.held = 0;
      kind.since = now;
      kind.seen = BURST - 1;
      kind.tell(held);
    }
  }

  #later(): TimerHandle {
    const timer = this.#clock.setTimeout(() => this.flush(), WINDOW_MS);
    timer.unref();
    return timer;
  }

  #forgetFirst(): void {
    for (const [name, kind] of this.#kinds) {
      this.#kinds.delete(name);
      if (kind.held > 0) kind.tell(kind.held);
      return;
    }
  }
}
