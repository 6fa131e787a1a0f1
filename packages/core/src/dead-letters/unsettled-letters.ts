/** The letters that a reader was given and has not settled. */
import type { IncomingMessage } from '../driver/message.js';

/** A letter without its content. */
export type LetterHandle = Pick<IncomingMessage, 'token' | 'position'>;

/** In the order in which they came. */
export class UnsettledLetters implements Iterable<LetterHandle> {
  /** The current one, and those that come after it. */
  readonly #current = new Set<IncomingMessage>();
  /** There may be any number of these: their contents are let go of. */
  readonly #staying = new Set<LetterHandle>();

  get size(): number {
    return this.#current.size + this.#staying.size;
  }

  add(letter: IncomingMessage): void {
    this.#current.add(letter);
  }

  has(letter: IncomingMessage): boolean {
    return this.#current.has(letter);
  }

  /** It is settled. False where it is not here. */
  delete(letter: IncomingMessage): boolean {
    return this.#current.delete(letter);
  }

  /** It was looked at, and is not settled before the end. Nothing happens where it was settled. */
  keep(letter: IncomingMessage): void {
    if (!this.#current.delete(letter)) return;
    const { token, position } = letter;
    this.#staying.add({ token, position });
  }

  /** Some are another reader's by now. */
  drop(isGone: (letter: LetterHandle) => boolean): void {
    for (const letter of this.#current) if (isGone(letter)) this.#current.delete(letter);
    for (const letter of this.#staying) if (isGone(letter)) this.#staying.delete(letter);
  }

  *[Symbol.iterator](): IterableIterator<LetterHandle> {
    yield* this.#staying;
    yield* this.#current;
  }
}
