/** What numbered attempts bring: the newest is kept, what is replaced or comes late is retired. */

/**
 * Holds what an attempt brought (a client, a consumer) while another attempt may be under way. Attempts may end in any order:
 * one that ends after a newer one has brought something, or after `close`, hands what it made to `retire`.
 *
 * `retire` is called once for each thing that is given up, never for the present one, and must not throw.
 */
export class Attempts<T> {
  readonly #retire: (late: T) => void;
  #current: T | undefined;
  #newest = 0;
  #closed = false;

  constructor(retire: (late: T) => void) {
    this.#retire = retire;
  }

  /** What the newest successful attempt brought. */
  get current(): T | undefined {
    return this.#current;
  }

  /** The number of that attempt; 0 before the first. */
  get number(): number {
    return this.#newest;
  }

  /** Whether what this attempt's client says is still about something. */
  isCurrent(attempt: number): boolean {
    return !this.#closed && attempt === this.#newest;
  }

  /** @returns false where it came too late and was retired */
  arrived(attempt: number, made: T): boolean {
    if (this.#closed || attempt < this.#newest) {
      this.#retire(made);
      return false;
    }
    const before = this.#current;
    this.#newest = attempt;
    this.#current = made;
    if (before !== undefined && before !== made) this.#retire(before);
    return true;
  }

  /** Retires the present one, and whatever comes later. */
  close(): void {
    this.#closed = true;
    const { current } = this;
    this.#current = undefined;
    if (current !== undefined) this.#retire(current);
  }
}
