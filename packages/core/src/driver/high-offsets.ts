/** The highest position of each partition that was seen. */
import type { OffsetValue, Position } from './message.js';
import { compareOffsets } from './offsets.js';

/** Noting one costs a comparison and a store: it is done for each message. A log that was made anew begins anew. */
export class HighOffsets {
  /** By partition; a transport without partitions has partition 0. */
  readonly #highest: Position[] = [];

  note(position: Position): void {
    const { partition = 0 } = position;
    const known = this.#highest[partition];
    if (known === undefined || isHigher(position, known)) this.#highest[partition] = position;
  }

  /** No position of its partition was as high. */
  isBeyond(position: Position): boolean {
    const known = this.#highest[position.partition ?? 0];
    return known === undefined || isHigher(position, known);
  }

  get(partition: number): OffsetValue | undefined {
    return this.#highest[partition]?.offset;
  }

  delete(partition: number): void {
    delete this.#highest[partition];
  }

  clear(): void {
    this.#highest.length = 0;
  }

  *entries(): IterableIterator<[partition: number, offset: OffsetValue]> {
    for (const partition of Object.keys(this.#highest)) {
      const position = this.#highest[Number(partition)];
      if (position !== undefined) yield [Number(partition), position.offset];
    }
  }
}

function isHigher(position: Position, known: Position): boolean {
  return position.incarnation !== known.incarnation || compareOffsets(position.offset, known.offset) > 0;
}
