/** Results of numbered attempts: the newest is kept, replaced and late ones are retired. */

/**
 * Holds the result of an attempt (a client, a consumer) while another attempt may be under way. Attempts may end in any
 * order: the result of one that ends after a newer success, or after `close`, goes to `retire`.
 *
 * `retire` is called once for each result that is given up, never for the present one, and must not throw.
 */
export class Attempts<T> {
  readonly #retire: (late: T) => void;
  #current: T | undefined;
  #newest = 0;
  #closed = false;

  constructor(retire: (late: T) => void) {
    this.#retire = retire;
  }

  /** The result of the newest successful attempt. */
  get current(): T | undefined {
    return this.#current;
  }

  /** The number of that attempt; 0 before the first. */
  get number(): number {
    return this.#newest;
  }

  /** Whether reports of this attempt's client still count. */
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

  /** Retires the present result, and any later one. */
  close(): void {
    this.#closed = true;
    const { current } = this;
    this.#current = undefined;
    if (current !== undefined) this.#retire(current);
  }
}
