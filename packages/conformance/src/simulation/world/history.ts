/** What happened in a run, in order, and what was wrong with it. */
export interface Problem {
  /** Which invariant is broken: `lost`, `order`, `overlap` … Shrinking looks for the same kind. */
  readonly kind: string;
  readonly text: string;
}

/** A line of a history. */
export type Entry = readonly [at: number, who: string, what: string, ...details: readonly unknown[]];

/** More is noise: what follows the first broken promise follows from it. */
const MOST_PROBLEMS = 10;

/** The entries, counts and broken promises of one run. At most 10 problems are kept. */
export class History {
  readonly entries: Entry[] = [];
  readonly problems: Problem[] = [];
  /** How often each kind of thing happened. */
  readonly counts = new Map<string, number>();
  readonly #time: { readonly now: number };

  constructor(time: { readonly now: number }) {
    this.#time = time;
  }

  add(who: string, what: string, ...details: readonly unknown[]): void {
    this.entries.push([this.#time.now, who, what, ...details]);
  }

  readonly count = (event: string): void => {
    this.counts.set(event, (this.counts.get(event) ?? 0) + 1);
  };

  problem(kind: string, text: string): void {
    if (this.problems.length >= MOST_PROBLEMS) return;
    this.problems.push({ kind, text });
    this.add('!', kind, text);
  }

  /** One line an entry. */
  lines(): string[] {
    return this.entries.map(([at, who, what, ...details]) => {
      const rest = details.map((detail) =>
        typeof detail === 'object' ? JSON.stringify(detail) : String(detail),
      );
      return `${at.toFixed(2).padStart(10)}  ${who.padEnd(8)} ${[what, ...rest].join(' ')}`;
    });
  }
}
