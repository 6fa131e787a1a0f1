/** The highest offset of each partition that was seen. */

/** Noting one costs a comparison and a store: it is done for each message. */
export class HighOffsets {
  /** By partition; a transport without partitions has partition 0. */
  readonly #offsets: number[] = [];

  note({ partition = 0, offset }: { readonly partition?: number; readonly offset: number }): void {
    const known = this.#offsets[partition];
    if (known === undefined || offset > known) this.#offsets[partition] = offset;
  }

  get(partition: number): number | undefined {
    return this.#offsets[partition];
  }

  delete(partition: number): void {
    delete this.#offsets[partition];
  }

  clear(): void {
    this.#offsets.length = 0;
  }

  *entries(): IterableIterator<[partition: number, offset: number]> {
    for (const partition of Object.keys(this.#offsets)) {
      const offset = this.#offsets[Number(partition)];
      if (offset !== undefined) yield [Number(partition), offset];
    }
  }
}
