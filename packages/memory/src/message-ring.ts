/** The storage of a log: messages by offset, on a ring buffer. */
import type { LogMessage } from './log-message.js';

const MIN_CAPACITY = 64;
/** The ring never shrinks below this, so that bursts do not make it breathe. */
const KEPT_CAPACITY = 1_024;

/** Offsets from `start` up to, and without, `end`. Everything takes constant time, amortised. */
export class MessageRing {
  #slots = emptySlots(MIN_CAPACITY);
  #start = 0;
  #end = 0;
  #bytes = 0;

  /** The offset of the oldest message. */
  get start(): number {
    return this.#start;
  }

  /** The offset that the next message gets. */
  get end(): number {
    return this.#end;
  }

  /** The sum of the values' sizes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Slots allocated; for tests of its bounds. */
  get capacity(): number {
    return this.#slots.length;
  }

  /** Appends the message whose offset is `end`. */
  push(message: LogMessage): void {
    if (this.#end - this.#start === this.#slots.length) this.#resize(this.#slots.length * 2);
    this.#slots[this.#end & (this.#slots.length - 1)] = message;
    this.#end++;
    this.#bytes += message.length;
  }

  at(offset: number): LogMessage | undefined {
    if (offset < this.#start || offset >= this.#end) return undefined;
    return this.#slots[offset & (this.#slots.length - 1)];
  }

  /** Forgets all messages before `offset`; an offset beyond the end empties the ring. */
  dropBefore(offset: number): void {
    const stop = Math.min(offset, this.#end);
    const mask = this.#slots.length - 1;
    for (; this.#start < stop; this.#start++) {
      this.#bytes -= (this.#slots[this.#start & mask] as LogMessage).length;
      this.#slots[this.#start & mask] = undefined;
    }
    let capacity = this.#slots.length;
    while (capacity > KEPT_CAPACITY && this.#end - this.#start < capacity >> 2) capacity >>= 1;
    if (capacity < this.#slots.length) this.#resize(capacity);
  }

  /** Capacities are powers of two, so that a mask wraps an offset: bit operations keep its low 32 bits. */
  #resize(capacity: number): void {
    const slots = emptySlots(capacity);
    for (let offset = this.#start; offset < this.#end; offset++) {
      slots[offset & (capacity - 1)] = this.#slots[offset & (this.#slots.length - 1)];
    }
    this.#slots = slots;
  }
}

function emptySlots(capacity: number): (LogMessage | undefined)[] {
  return new Array<LogMessage | undefined>(capacity).fill(undefined);
}
