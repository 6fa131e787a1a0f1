/** Remembers which sequences were settled last: the server may not have heard of it when the connection broke. */

export class SettledRing {
  readonly #sequences: Float64Array;
  #next = 0;

  constructor(capacity: number) {
    this.#sequences = new Float64Array(capacity);
  }

  add(sequence: number): void {
    this.#sequences[this.#next] = sequence;
    this.#next = (this.#next + 1) % this.#sequences.length;
  }

  /** Looks at all of them: for the rare redelivery. */
  has(sequence: number): boolean {
    return this.#sequences.includes(sequence);
  }

  clear(): void {
    this.#sequences.fill(0);
  }
}
