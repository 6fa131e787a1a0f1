/** The keys that are parked, of one topic and group. Bounded: beyond its limit it says so, and forgets none. */
import type { ParkNote } from './park-note.js';
import { FREE, isParked, type ParkedKey, withHandled, withLetter } from './parked-key.js';

/** Free keys that are remembered while the records are read: a letter of an expelled process may come right after. */
const MOST_FREE = 1_000;

/** Folds notes to the state of each key. */
export class ParkedKeys {
  readonly #limit: number;
  readonly #keys = new Map<string, ParkedKey>();
  #parked = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many are parked. */
  get size(): number {
    return this.#parked;
  }

  /** More are parked than may be. */
  get isOver(): boolean {
    return this.#parked > this.#limit;
  }

  /** Letters that wait. */
  get letters(): number {
    let letters = 0;
    for (const key of this.#keys.values()) letters += key.letters;
    return letters;
  }

  /** Undefined where the key is not parked. */
  find(key: string): ParkedKey | undefined {
    if (this.#parked === 0) return undefined;
    const found = this.#keys.get(key);
    return found !== undefined && isParked(found) ? found : undefined;
  }

  apply(note: ParkNote): void {
    if (note.kind === 'deleted') return;
    const before = this.#keys.get(note.key);
    const state = before ?? FREE;
    const after =
      note.kind === 'letter' ? withLetter(state, note.at) : withHandled(state, note.through, note.count);
    if (after === state) return;
    this.#parked += Number(isParked(after)) - Number(isParked(state));
    // The ones that changed last come last.
    if (before !== undefined) this.#keys.delete(note.key);
    this.#keys.set(note.key, after);
    if (this.#keys.size - this.#parked > 2 * MOST_FREE) this.#forgetFree(MOST_FREE);
  }

  /** The parked ones, those that changed last at the end. */
  *[Symbol.iterator](): Iterator<string> {
    for (const [key, state] of this.#keys) if (isParked(state)) yield key;
  }

  /** Free keys need no memory, once nothing old can be read any more. */
  compact(): void {
    this.#forgetFree(0);
  }

  #forgetFree(left: number): void {
    let excess = this.#keys.size - this.#parked - left;
    for (const [key, state] of this.#keys) {
      if (excess <= 0) return;
      if (isParked(state)) continue;
      this.#keys.delete(key);
      excess--;
    }
  }
}
