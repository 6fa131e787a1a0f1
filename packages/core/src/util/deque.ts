/** A double-ended queue on a ring buffer. */

const MIN_CAPACITY = 16;

/**
 * All operations take constant time, amortised. Removed items are not referenced any longer, and the buffer
 * shrinks to half when three quarters of it are empty. `undefined` is no useful item: reading an empty queue
 * returns it too.
 */
export class Deque<T> {
  #buffer: (T | undefined)[] = new Array<T | undefined>(MIN_CAPACITY).fill(undefined);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Slots allocated; for tests of its bounds. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** Appends at the end. */
  push(item: T): void {
    if (this.#length === this.#buffer.length) this.#resize(this.#length * 2);
    this.#buffer[(this.#head + this.#length) & (this.#buffer.length - 1)] = item;
    this.#length++;
  }

  /** Puts before the first. */
  unshift(item: T): void {
    if (this.#length === this.#buffer.length) this.#resize(this.#length * 2);
    this.#head = (this.#head - 1) & (this.#buffer.length - 1);
    this.#buffer[this.#head] = item;
    this.#length++;
  }

  /** Removes the first. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#buffer[this.#head];
    this.#buffer[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#buffer.length - 1);
    this.#length--;
    this.#shrink();
    return item;
  }

  /** Removes the last. */
  pop(): T | undefined {
    if (this.#length === 0) return undefined;
    const index = (this.#head + this.#length - 1) & (this.#buffer.length - 1);
    const item = this.#buffer[index];
    this.#buffer[index] = undefined;
    this.#length--;
    this.#shrink();
    return item;
  }

  /** The first, left where it is. */
  peek(): T | undefined {
    return this.#buffer[this.#head];
  }

  clear(): void {
    this.#buffer = new Array<T | undefined>(MIN_CAPACITY).fill(undefined);
    this.#head = 0;
    this.#length = 0;
  }

  /** From the first to the last. Do not change the queue meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.#length; i++) {
      yield this.#buffer[(this.#head + i) & (this.#buffer.length - 1)] as T;
    }
  }

  #shrink(): void {
    if (this.#length < this.#buffer.length >> 2 && this.#buffer.length > MIN_CAPACITY) {
      this.#resize(this.#buffer.length >> 1);
    }
  }

  /** Capacities are powers of two, so that a mask wraps an index. */
  #resize(capacity: number): void {
    const next = new Array<T | undefined>(capacity).fill(undefined);
    for (let i = 0; i < this.#length; i++) {
      next[i] = this.#buffer[(this.#head + i) & (this.#buffer.length - 1)];
    }
    this.#buffer = next;
    this.#head = 0;
  }
}
