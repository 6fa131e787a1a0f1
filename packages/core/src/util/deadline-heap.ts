/** A binary heap of entries by deadline, each of which knows its place, so that any of them can be taken out. */

/** The fields of an entry; the heap owns `slot`, which is 0 while the entry is in none. */
export interface HeapEntry {
  deadline: number;
  /** Decides between equal deadlines: the lower one is first. */
  sequence: number;
  slot: number;
}

/** All operations take O(log n); adding an entry that is later than all others takes O(1). Allocates nothing per entry. */
export class DeadlineHeap<T extends HeapEntry> {
  /** From index 1 on, so that the parent of `i` is `i >> 1`. */
  readonly #entries: (T | undefined)[] = [undefined];

  get size(): number {
    return this.#entries.length - 1;
  }

  /** The earliest, left where it is. */
  get first(): T | undefined {
    return this.#entries[1];
  }

  /** The entry must not be in a heap. */
  add(entry: T): void {
    this.#entries.push(entry);
    this.#up(entry, this.size);
  }

  /** The entry must be in this heap. */
  remove(entry: T): void {
    const { slot } = entry;
    entry.slot = 0;
    const last = this.#entries.pop() as T;
    if (last === entry) return;
    const parent = this.#entries[slot >> 1];
    if (parent !== undefined && isBefore(last, parent)) this.#up(last, slot);
    else this.#down(last, slot);
  }

  clear(): void {
    for (let slot = this.size; slot > 0; slot--) (this.#entries[slot] as T).slot = 0;
    this.#entries.length = 1;
  }

  #up(entry: T, from: number): void {
    let slot = from;
    for (; slot > 1; slot >>= 1) {
      const parent = this.#entries[slot >> 1] as T;
      if (!isBefore(entry, parent)) break;
      this.#put(parent, slot);
    }
    this.#put(entry, slot);
  }

  #down(entry: T, from: number): void {
    const { size } = this;
    let slot = from;
    for (let child = slot << 1; child <= size; child = slot << 1) {
      if (child < size && isBefore(this.#entries[child + 1] as T, this.#entries[child] as T)) child++;
      const earlier = this.#entries[child] as T;
      if (!isBefore(earlier, entry)) break;
      this.#put(earlier, slot);
      slot = child;
    }
    this.#put(entry, slot);
  }

  #put(entry: T, slot: number): void {
    this.#entries[slot] = entry;
    entry.slot = slot;
  }
}

/** Order by deadline, then by sequence. */
export function isBefore(a: HeapEntry, b: HeapEntry): boolean {
  return a.deadline < b.deadline || (a.deadline === b.deadline && a.sequence < b.sequence);
}
