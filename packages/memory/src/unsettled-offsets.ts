/** Which offsets of a log a group has not settled, and who has them. */

/** The owner of a settled offset. */
export const SETTLED = 0;
/** The owner of an offset that was passed over or given back, and waits to be delivered. */
export const WAITING = 1;
/** Members are numbered from here. */
export const FIRST_MEMBER = 2;
/** The largest number that fits into two bytes; a group has no more members at once. */
export const LAST_MEMBER = 0xffff;

const MIN_CAPACITY = 64;
/** Beyond this many slots, the memory of a burst is given back once everything is settled. */
const KEPT_CAPACITY = 8_192;
/** How far the group may run ahead of its oldest unsettled offsets before those are set aside. */
const MIN_SPAN_TO_PARK = 4_096;

/**
 * A window over the log from `floor` to `end`, two bytes an offset. Offsets from `end` on were not taken yet.
 * Below `floor` all is settled, but for the few offsets that stayed unsettled for so long that the window would grow
 * without bound (a halted key): those are parked in a map of their own.
 */
export class UnsettledOffsets {
  #owners = new Uint16Array(MIN_CAPACITY);
  #floor: number;
  #end: number;
  #inWindow = 0;
  /** In ascending order, as the floor only rises. */
  readonly #parked = new Map<number, number>();

  constructor(start: number) {
    this.#floor = start;
    this.#end = start;
  }

  /** Below it everything is settled or parked. */
  get floor(): number {
    return this.#floor;
  }

  /** The next offset to take from the log. */
  get end(): number {
    return this.#end;
  }

  /** Taken and not settled. */
  get count(): number {
    return this.#inWindow + this.#parked.size;
  }

  /** The oldest offset taken and not settled. */
  get oldest(): number | undefined {
    for (const offset of this.#parked.keys()) return offset;
    return this.#inWindow > 0 ? this.#firstInWindow() : undefined;
  }

  /** Takes the offset `end`. */
  take(owner: number): void {
    if (this.#end - this.#floor === this.#owners.length) this.#resize(this.#owners.length * 2);
    this.#owners[this.#end & (this.#owners.length - 1)] = owner;
    this.#end++;
    this.#inWindow++;
  }

  ownerOf(offset: number): number {
    if (offset < this.#floor) return this.#parked.get(offset) ?? SETTLED;
    return offset < this.#end ? (this.#owners[offset & (this.#owners.length - 1)] as number) : SETTLED;
  }

  /** Gives an unsettled offset another owner. */
  assign(offset: number, owner: number): void {
    if (offset < this.#floor) this.#parked.set(offset, owner);
    else this.#owners[offset & (this.#owners.length - 1)] = owner;
  }

  /** Settles an unsettled offset; `advance` then moves the floor, once a batch. */
  settle(offset: number): void {
    if (offset < this.#floor) {
      this.#parked.delete(offset);
    } else {
      this.#owners[offset & (this.#owners.length - 1)] = SETTLED;
      this.#inWindow--;
    }
  }

  /**
   * Moves the floor over what is settled. Where a few unsettled offsets hold back a long window, parks those of its
   * older half; `onPark` is told each of them first.
   */
  advance(onPark: (offset: number) => void): void {
    this.#floor = this.#firstInWindow();
    const span = this.#end - this.#floor;
    if (span > MIN_SPAN_TO_PARK && span > 4 * this.#inWindow) {
      this.parkBefore(this.#floor + (span >> 1), onPark);
      this.#floor = this.#firstInWindow();
    } else if (span === 0 && this.#owners.length > KEPT_CAPACITY) {
      this.#resize(MIN_CAPACITY);
    }
  }

  /** Raises the floor to `offset`: what is unsettled below is parked, what was not taken yet counts as settled. */
  parkBefore(offset: number, onPark: (offset: number) => void): void {
    const stop = Math.min(offset, this.#end);
    for (; this.#floor < stop; this.#floor++) {
      const owner = this.#owners[this.#floor & (this.#owners.length - 1)] as number;
      if (owner === SETTLED) continue;
      onPark(this.#floor);
      this.#parked.set(this.#floor, owner);
      this.#inWindow--;
    }
    if (this.#floor < offset) {
      this.#floor = offset;
      this.#end = offset;
    }
  }

  /** All unsettled offsets with their owners, ascending. Do not change anything meanwhile. */
  *[Symbol.iterator](): Iterator<readonly [offset: number, owner: number]> {
    yield* this.#parked;
    for (let offset = this.#floor; offset < this.#end; offset++) {
      const owner = this.#owners[offset & (this.#owners.length - 1)] as number;
      if (owner !== SETTLED) yield [offset, owner];
    }
  }

  #firstInWindow(): number {
    const mask = this.#owners.length - 1;
    let offset = this.#floor;
    while (offset < this.#end && this.#owners[offset & mask] === SETTLED) offset++;
    return offset;
  }

  /** Capacities are powers of two, so that a mask wraps an offset. */
  #resize(capacity: number): void {
    const owners = new Uint16Array(capacity);
    const mask = this.#owners.length - 1;
    for (let offset = this.#floor; offset < this.#end; offset++) {
      owners[offset & (capacity - 1)] = this.#owners[offset & mask] as number;
    }
    this.#owners = owners;
  }
}
