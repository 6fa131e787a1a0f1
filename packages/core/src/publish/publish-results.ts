/**
 * Readers of publish results. A place in every open reader's buffer is reserved before a message is sent, so
 * that no result is ever dropped; where there is no place, publishing waits.
 */
import { Deque } from '../util/deque.js';
import type { PublishResult } from './types.js';

/** Results that a reader may leave unread before publishing waits for it. */
export const RESULTS_BUFFER = 10_000;

type Step = IteratorResult<PublishResult, undefined>;

/** One reader of results, with a buffer of its own. Ends with the bus, its signal, or its loop. */
export class ResultReader implements AsyncIterableIterator<PublishResult, undefined> {
  readonly #buffer = new Deque<PublishResult>();
  readonly #pendingReads = new Deque<(step: Step) => void>();
  readonly #onRoom: (reader: ResultReader, closed: boolean) => void;
  #reserved = 0;
  #ended = false;
  /** Ended, with results still to come or to be read. */
  #draining = false;
  #unreadFailures = 0;
  #begun = false;

  constructor(onRoom: (reader: ResultReader, closed: boolean) => void) {
    this.#onRoom = onRoom;
  }

  get hasRoom(): boolean {
    return this.#buffer.length + this.#reserved < RESULTS_BUFFER;
  }

  reserve(): void {
    this.#reserved++;
  }

  /** Delivers a result into a reserved place. False where the reader was closed meanwhile. */
  deliver(result: PublishResult): boolean {
    this.#reserved--;
    if (this.#ended && !this.#draining) return false;
    const read = this.#pendingReads.shift();
    if (read === undefined) {
      this.#buffer.push(result);
      if (!result.ok) this.#unreadFailures++;
    } else {
      read({ done: false, value: result });
      this.#onRoom(this, false);
    }
    this.#finishIfDrained();
    return true;
  }

  /** Failures that were delivered and not read. */
  get unreadFailures(): number {
    return this.#unreadFailures;
  }

  /** Reading has begun. */
  get begun(): boolean {
    return this.#begun;
  }

  /** No further results will be reserved: reserved and buffered results are still read, then the reader ends. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#draining = true;
    this.#finishIfDrained();
  }

  #finishIfDrained(): void {
    if (!this.#draining || this.#reserved > 0 || this.#buffer.length > 0) return;
    this.#draining = false;
    this.#endReads();
  }

  #endReads(): void {
    for (let read = this.#pendingReads.shift(); read !== undefined; read = this.#pendingReads.shift()) {
      read({ done: true, value: undefined });
    }
  }

  next(): Promise<Step> {
    this.#begun = true;
    const value = this.#buffer.shift();
    if (value !== undefined) {
      if (!value.ok) this.#unreadFailures--;
      this.#onRoom(this, false);
      this.#finishIfDrained();
      return Promise.resolve({ done: false, value });
    }
    if (this.#ended && !this.#draining) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#pendingReads.push(resolve));
  }

  /** Ends the reader at once, as leaving a `for await` loop does; unread results are no longer wanted. */
  return(): Promise<Step> {
    this.#ended = true;
    this.#draining = false;
    this.#buffer.clear();
    this.#endReads();
    this.#onRoom(this, true);
    this.#unreadFailures = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** The open readers of one bus. */
export class PublishResults {
  readonly #onRoom: () => void;
  readonly #onUnread: (failures: number) => void;
  #readers: readonly ResultReader[] = [];
  #ended = false;

  /**
   * `onRoom` is called whenever a publish that waited for a reader may try again, `onUnread` where a reader with unread
   * failures is closed, and at the end where reading has not begun.
   */
  constructor(onRoom: () => void, onUnread: (failures: number) => void) {
    this.#onRoom = onRoom;
    this.#onUnread = onUnread;
  }

  /** A snapshot: registering or closing a reader makes a new list. */
  get readers(): readonly ResultReader[] {
    return this.#readers;
  }

  get haveRoom(): boolean {
    for (const reader of this.#readers) if (!reader.hasRoom) return false;
    return true;
  }

  open(signal?: AbortSignal): ResultReader {
    const reader = new ResultReader((from, closed) => {
      if (closed) {
        this.#readers = this.#readers.filter((other) => other !== from);
        signal?.removeEventListener('abort', onAbort);
        if (from.unreadFailures > 0) this.#onUnread(from.unreadFailures);
      }
      this.#onRoom();
    });
    const onAbort = () => void reader.return();
    if (this.#ended || signal?.aborted === true) reader.end();
    else {
      this.#readers = [...this.#readers, reader];
      signal?.addEventListener('abort', onAbort, { once: true });
    }
    return reader;
  }

  /**
   * Nothing more will be published: every reader ends after its remaining results. A reader that was never read hides
   * failures.
   */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) {
      reader.end();
      if (!reader.begun && reader.unreadFailures > 0) this.#onUnread(reader.unreadFailures);
    }
    this.#readers = [];
  }
}
