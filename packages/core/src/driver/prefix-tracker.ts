/** Turns settling in any order into a position that may be committed: the contiguous settled prefix. */

const MIN_CAPACITY = 64;
/** Beyond this many slots, the memory of a burst is given back once all is settled. */
const KEPT_CAPACITY = 8_192;

/**
 * Tracks the offsets of one partition from delivery to settling. The watermark never passes an unsettled tracked
 * offset and never goes backwards. Offsets that were never tracked (compacted away, transaction markers) are gaps
 * and count as settled.
 *
 * All operations take constant time, amortised, and allocate nothing per offset. Memory is 9 bytes for each offset
 * from the oldest pending one on (`span`), so bound how far a consumer runs ahead of a stuck message.
 */
export class PrefixTracker {
  #offsets = new Float64Array(MIN_CAPACITY);
  #settled = new Uint8Array(MIN_CAPACITY);
  /** Sequence number of the oldest pending offset, and of the next one to be tracked. Never reused, not by `reset`. */
  #head = 0;
  #tail = 0;
  #pending = 0;
  #last: number;
  #watermark: number | undefined;

  /** @param start the offset at which reading begins, where known */
  constructor(start?: number) {
    this.#watermark = start;
    this.#last = start === undefined ? Number.NEGATIVE_INFINITY : start - 1;
  }

  /**
   * The offset from which to read on after a restart: one past the last of the settled prefix. Before anything was
   * settled it is the start position, else the first tracked offset, else undefined.
   */
  get watermark(): number | undefined {
    return this.#watermark;
  }

  /** Tracked and not yet settled. */
  get pending(): number {
    return this.#pending;
  }

  /** Tracked from the oldest pending one on, settled or not. */
  get span(): number {
    return this.#tail - this.#head;
  }

  /** The offset that holds the watermark back. */
  get oldestPending(): number | undefined {
    return this.#head === this.#tail ? undefined : this.#offsets[this.#head & (this.#offsets.length - 1)];
  }

  /** Slots allocated; for tests of its bounds. */
  get capacity(): number {
    return this.#offsets.length;
  }

  /**
   * Starts tracking a delivered offset and returns the handle to settle it with.
   * @throws RangeError unless offsets strictly increase; after a seek, `reset` first
   */
  track(offset: number): number {
    if (!(offset > this.#last)) {
      throw new RangeError(
        `offset ${offset} was tracked after ${this.#last}; reset the tracker when seeking`,
      );
    }
    this.#last = offset;
    if (this.#tail - this.#head === this.#offsets.length) this.#resize(this.#offsets.length * 2);
    const handle = this.#tail++;
    const slot = handle & (this.#offsets.length - 1);
    this.#offsets[slot] = offset;
    this.#settled[slot] = 0;
    this.#pending++;
    this.#watermark ??= offset;
    return handle;
  }

  /**
   * Marks an offset as settled, in any order.
   * @returns false where that handle was settled before, or is from before a `reset`
   */
  settle(handle: number): boolean {
    if (!(handle >= this.#head && handle < this.#tail)) return false;
    const mask = this.#offsets.length - 1;
    if (this.#settled[handle & mask] === 1) return false;
    this.#settled[handle & mask] = 1;
    this.#pending--;
    if (handle === this.#head) this.#advance(mask);
    return true;
  }

  /** Calls `visit` with each settled offset after the oldest pending one, ascending. */
  forEachSettled(visit: (offset: number) => void): void {
    const mask = this.#offsets.length - 1;
    for (let sequence = this.#head; sequence < this.#tail; sequence++) {
      if (this.#settled[sequence & mask] === 1) visit(this.#offsets[sequence & mask] as number);
    }
  }

  /** Forgets all offsets, as after a seek or a lost assignment; handles given out before settle nothing any more. */
  reset(start?: number): void {
    this.#head = this.#tail;
    this.#pending = 0;
    this.#watermark = start;
    this.#last = start === undefined ? Number.NEGATIVE_INFINITY : start - 1;
    if (this.#offsets.length > MIN_CAPACITY) this.#resize(MIN_CAPACITY);
  }

  #advance(mask: number): void {
    let head = this.#head;
    while (head < this.#tail && this.#settled[head & mask] === 1) head++;
    this.#watermark = (this.#offsets[(head - 1) & mask] as number) + 1;
    this.#head = head;
    if (head === this.#tail && this.#offsets.length > KEPT_CAPACITY) this.#resize(MIN_CAPACITY);
  }

  /** Capacities are powers of two, so that a mask wraps an index. */
  #resize(capacity: number): void {
    const offsets = new Float64Array(capacity);
    const settled = new Uint8Array(capacity);
    const mask = this.#offsets.length - 1;
    for (let sequence = this.#head; sequence < this.#tail; sequence++) {
      offsets[sequence & (capacity - 1)] = this.#offsets[sequence & mask] as number;
      settled[sequence & (capacity - 1)] = this.#settled[sequence & mask] as number;
    }
    this.#offsets = offsets;
    this.#settled = settled;
  }
}
