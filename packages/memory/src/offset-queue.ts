/** Messages that wait for delivery, in offset order. */
import type { LogMessage } from './log-message.js';

/** Taken from the front in constant time, amortised; added mostly at the end, or merged as a sorted run. */
export class OffsetQueue {
  #items: LogMessage[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The first, left where it is. */
  peek(): LogMessage | undefined {
    return this.#items[this.#head];
  }

  /** Removes the first. */
  shift(): LogMessage | undefined {
    if (this.#head === this.#items.length) return undefined;
    const first = this.#items[this.#head++];
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= 64 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }

  add(message: LogMessage): void {
    const last = this.#items[this.#items.length - 1];
    if (last === undefined || last.token < message.token) this.#items.push(message);
    else this.merge([message]);
  }

  /** Adds messages in any order; two sorted runs cost what merging them costs. */
  merge(messages: readonly LogMessage[]): void {
    this.#items = this.#items.slice(this.#head).concat(messages).sort(byOffset);
    this.#head = 0;
  }

  /** Removes everything and returns it. */
  drain(): LogMessage[] {
    const items = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return items;
  }
}

/** Ascending offsets, for `sort`. */
export function byOffset(a: LogMessage, b: LogMessage): number {
  return a.token - b.token;
}
