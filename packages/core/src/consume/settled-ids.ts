/** Ids of settled messages. */
import type { OffsetValue } from '../driver/message.js';

/** Offsets that share an entry. */
const BLOCK = 32;

/**
 * A set that only grows. Most ids are offsets that follow one another: 32 of them share an entry of a map, and the entry that was
 * used last is kept beside it, so that most additions touch no map.
 */
export class SettledIds {
  /** A bit for each offset, by block. The newest state of the present block is in `#bits`. */
  readonly #blocks = new Map<number, number>();
  #block = -1;
  #bits = 0;
  readonly #others = new Set<string | OffsetValue>();
  /** Additions. */
  size = 0;

  add(id: string | OffsetValue): void {
    this.size++;
    if (typeof id !== 'number') return void this.#others.add(id);
    const block = Math.floor(id / BLOCK);
    if (block !== this.#block) this.#turnTo(block);
    this.#bits |= bitOf(id);
  }

  has(id: string | OffsetValue): boolean {
    if (typeof id !== 'number') return this.#others.has(id);
    const block = Math.floor(id / BLOCK);
    const bits = block === this.#block ? this.#bits : (this.#blocks.get(block) ?? 0);
    return (bits & bitOf(id)) !== 0;
  }

  #turnTo(block: number): void {
    if (this.#block !== -1) this.#blocks.set(this.#block, this.#bits);
    this.#block = block;
    this.#bits = this.#blocks.get(block) ?? 0;
  }
}

/** The lowest bits of a number count, also beyond 32 bits. */
function bitOf(offset: number): number {
  return 1 << (offset & (BLOCK - 1));
}
