/** Reading a caller's iterable so that it can be left at any moment, also while it does not answer. */
import { isPromise } from '../util/promise.js';

type Step<T> = { readonly done: true } | { readonly done: false; readonly value: T };

const ENDED = { done: true } as const;

/**
 * Reads an iterable or async iterable item by item, like `for await`, until `signal` aborts. Then the step under way
 * ends at once, and the iterator's `return` is called.
 */
export class SourceReader<T> {
  readonly #iterator: Iterator<T> | AsyncIterator<T>;
  readonly #signal: AbortSignal;
  /** Gives up the step that is under way. */
  #giveUp: (() => void) | undefined;
  readonly #onAbort = () => this.#giveUp?.();
  #over = false;
  /** The source has not answered a step that was given up. */
  #owes = false;

  constructor(source: Iterable<T> | AsyncIterable<T>, signal: AbortSignal) {
    this.#iterator =
      (source as AsyncIterable<T>)[Symbol.asyncIterator]?.() ?? (source as Iterable<T>)[Symbol.iterator]();
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The next item; the end where the source ends or the signal aborts. Rejects with the error that the source throws. */
  async next(): Promise<Step<T>> {
    if (this.#signal.aborted) return ENDED;
    try {
      const answer = this.#iterator.next();
      const step = isPromise(answer) ? await this.#orGivenUp(answer) : answer;
      if (step === undefined) return ENDED;
      if (step.done === true) {
        this.#over = true;
        return ENDED;
      }
      // A list of promises is read like `for await` reads it.
      const value = isPromise(step.value) ? await this.#orGivenUp(step.value) : step.value;
      return value === undefined && this.#signal.aborted ? ENDED : { done: false, value: value as T };
    } catch (error) {
      this.#over = true;
      throw error;
    }
  }

  /** Lets the source clean up; waits for that unless it owes an answer. Never rejects. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (this.#over) return;
    this.#over = true;
    try {
      const returned = this.#iterator.return?.();
      if (!isPromise(returned)) return;
      const done = Promise.resolve(returned).then(
        () => {},
        () => {},
      );
      if (!this.#owes) await done;
    } catch {
      // It was told; what it makes of that is its own.
    }
  }

  #orGivenUp<V>(answer: PromiseLike<V>): Promise<V | undefined> {
    return new Promise((resolve, reject) => {
      this.#owes = true;
      const answered = () => {
        this.#owes = false;
        this.#giveUp = undefined;
      };
      this.#giveUp = () => {
        this.#giveUp = undefined;
        resolve(undefined);
      };
      answer.then(
        (value) => {
          answered();
          resolve(value);
        },
        (error: unknown) => {
          answered();
          reject(error);
        },
      );
    });
  }
}

/** Whether it can be read item by item. Text can, but its characters are never meant. */
export function isSource(source: unknown): source is Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof source !== 'object' || source === null || ArrayBuffer.isView(source)) return false;
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous } = source as {
    [Symbol.asyncIterator]?: unknown;
    [Symbol.iterator]?: unknown;
  };
  return typeof asynchronous === 'function' || typeof synchronous === 'function';
}
