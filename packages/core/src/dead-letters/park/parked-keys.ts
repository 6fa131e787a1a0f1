/** The keys that are parked, of one topic and group. Bounded: beyond its limit it says so, and forgets none. */
import { LogOrder } from './log-order.js';
import type { ParkedPlace, ParkNote } from './park-note.js';
import { FREE, isParked, type ParkedKey, withHandled, withLetter } from './parked-key.js';

/** Folds notes to the state of each key. Keys that are free are remembered too, as far as there is room. */
export class ParkedKeys {
  readonly order: LogOrder;
  readonly #limit: number;
  readonly #keys = new Map<string, ParkedKey & ParkedPlace>();
  #parked = 0;

  constructor(limit: number, order = new LogOrder()) {
    this.#limit = limit;
    this.order = order;
  }

  /** How many are parked. */
  get size(): number {
    return this.#parked;
  }

  /** So many are parked that no other may be. */
  get isFull(): boolean {
    return this.#parked >= this.#limit;
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
  find(partition: number, key: string): ParkedKey | undefined {
    if (this.#parked === 0) return undefined;
    const found = this.#keys.get(idOf(partition, key));
    return found !== undefined && isParked(found, this.order) ? found : undefined;
  }

  apply(note: ParkNote): void {
    const place = note.kind === 'handled' ? note.through : note.at;
    if (note.kind === 'deleted' || place === undefined) return;
    this.order.note(place);
    const { key, partition } = note;
    const id = idOf(partition, key);
    const before = this.#keys.get(id);
    const state = before ?? FREE;
    const after =
      note.kind === 'letter'
        ? withLetter(state, place, this.order)
        : withHandled(state, place, note.count, this.order);
    if (after === state) return;
    const [was, is] = [isParked(state, this.order), isParked(after, this.order)];
    this.#parked += Number(is) - Number(was);
    // The ones that changed last come last.
    if (before !== undefined) this.#keys.delete(id);
    this.#keys.set(id, { ...after, key, partition });
    if (this.#keys.size > 2 * this.#limit + MOST_FREE) this.#forgetFree(MOST_FREE);
  }

  /** The parked ones, those that changed last at the end. */
  *[Symbol.iterator](): Iterator<ParkedKey & ParkedPlace> {
    for (const key of this.#keys.values()) if (isParked(key, this.order)) yield key;
  }

  /** Drops what is known about these partitions. */
  forget(partitions: ReadonlySet<number>): void {
    for (const [id, key] of this.#keys) {
      if (!partitions.has(key.partition)) continue;
      this.#keys.delete(id);
      if (isParked(key, this.order)) this.#parked--;
    }
  }

  /** Free keys need no memory, once nothing old can be read any more. */
  compact(): void {
    this.#forgetFree(0);
  }

  /** The newest of them stay: a letter of an expelled process may come right after its key was handled. */
  #forgetFree(left: number): void {
    let excess = this.#keys.size - this.#parked - left;
    for (const [id, key] of this.#keys) {
      if (excess <= 0) return;
      if (isParked(key, this.order)) continue;
      this.#keys.delete(id);
      excess--;
    }
  }
}

const MOST_FREE = 1_000;

function idOf(partition: number, key: string): string {
  return `${partition}\0${key}`;
}
