/** Many deadlines on one timer. */
import { type Clock, MAX_TIMER_MS, type TimerHandle } from '../clock.js';

/**
 * What a queued object carries, so that adding and removing allocate nothing. The queue owns these fields; an
 * entry starts with both links undefined, is in one queue at a time, and `next` is undefined while it is in none.
 */
export interface DeadlineEntry {
  /** Epoch milliseconds of the queue's clock. */
  deadline: number;
  prev: DeadlineEntry | undefined;
  next: DeadlineEntry | undefined;
}

export interface DeadlineQueueOptions {
  /**
   * Whether pending deadlines keep the process alive. Default false: right for timeouts of work that does so itself.
   * With true the timer is cleared whenever the queue runs empty, which costs two calls to the clock each time.
   */
  readonly keepAlive?: boolean;
}

/** A ring closed by a sentinel, which needs no case for the ends. */
interface Ring extends DeadlineEntry {
  prev: DeadlineEntry;
  next: DeadlineEntry;
}

/**
 * Calls `onExpire` once for each entry whose deadline has passed, earliest first, ties in the order of adding, and
 * never from within `add`. An entry is out of the queue when its turn comes and may be added again.
 *
 * Adding searches from the latest deadline on: constant time where all entries have the same timeout. Removing takes
 * constant time and leaves the timer alone; it fires for nothing then and is set for what is left, so a steady
 * stream of entries that end in time costs one timer per timeout, not one each. Deadlines may pass up to a
 * millisecond late, as timers do.
 */
export class DeadlineQueue<T extends DeadlineEntry> {
  readonly #clock: Clock;
  readonly #onExpire: (entry: T) => void;
  readonly #keepAlive: boolean;
  readonly #waiting = ring();
  /** Expired and about to be told; entries can still be removed from it. */
  readonly #due = ring();
  readonly #fire = () => this.#expire();
  #timer: TimerHandle | undefined;
  /** When the timer fires; never later than the first deadline. */
  #armedFor = Number.POSITIVE_INFINITY;

  /** @param onExpire must not throw; where it does, the other entries expire all the same */
  constructor(clock: Clock, onExpire: (entry: T) => void, options: DeadlineQueueOptions = {}) {
    this.#clock = clock;
    this.#onExpire = onExpire;
    this.#keepAlive = options.keepAlive ?? false;
  }

  get isEmpty(): boolean {
    return this.#waiting.next === this.#waiting && this.#due.next === this.#due;
  }

  /** Whether the entry is in a queue. */
  has(entry: T): boolean {
    return entry.next !== undefined;
  }

  /** Adds an entry, or moves it where it is queued already. */
  add(entry: T, deadline: number): void {
    if (entry.next !== undefined) unlink(entry);
    entry.deadline = deadline;
    let before = this.#waiting.prev;
    while (before !== this.#waiting && before.deadline > deadline) before = before.prev as DeadlineEntry;
    const after = before.next as DeadlineEntry;
    entry.prev = before;
    entry.next = after;
    before.next = entry;
    after.prev = entry;
    if (deadline < this.#armedFor) this.#arm(deadline);
  }

  /** Gives a queued entry another deadline. Does nothing for one that is in no queue, as when it has just expired. */
  move(entry: T, deadline: number): void {
    if (entry.next !== undefined) this.add(entry, deadline);
  }

  /** Idempotent; also harmless for an entry that was never added or has expired. */
  remove(entry: T): void {
    if (entry.next === undefined) return;
    unlink(entry);
    if (this.#keepAlive && this.isEmpty) this.#disarm();
  }

  /** Removes everything and the timer; nothing expires. */
  clear(): void {
    empty(this.#waiting);
    empty(this.#due);
    this.#disarm();
  }

  #expire(): void {
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    // What is due is taken out first, so that an entry that is added again at once waits for another turn.
    const now = this.#clock.now();
    for (let entry = this.#waiting.next; entry !== this.#waiting && entry.deadline <= now; ) {
      const next = entry.next as DeadlineEntry;
      unlink(entry);
      append(this.#due, entry);
      entry = next;
    }
    if (this.#waiting.next !== this.#waiting) this.#arm(this.#waiting.next.deadline);
    try {
      for (let entry = this.#due.next; entry !== this.#due; entry = this.#due.next) {
        unlink(entry);
        this.#onExpire(entry as T);
      }
    } finally {
      if (this.#due.next !== this.#due) this.#arm(now);
    }
  }

  #arm(deadline: number): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    const delay = deadline - this.#clock.now();
    this.#armedFor = deadline;
    this.#timer = this.#clock.setTimeout(this.#fire, Math.min(delay, MAX_TIMER_MS));
    if (!this.#keepAlive) this.#timer.unref();
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }
}

function ring(): Ring {
  const sentinel = { deadline: Number.NaN } as Ring;
  sentinel.prev = sentinel;
  sentinel.next = sentinel;
  return sentinel;
}

function append(list: Ring, entry: DeadlineEntry): void {
  entry.prev = list.prev;
  entry.next = list;
  list.prev.next = entry;
  list.prev = entry;
}

function unlink(entry: DeadlineEntry): void {
  (entry.prev as DeadlineEntry).next = entry.next;
  (entry.next as DeadlineEntry).prev = entry.prev;
  entry.prev = undefined;
  entry.next = undefined;
}

function empty(list: Ring): void {
  for (let entry = list.next; entry !== list; entry = list.next) unlink(entry);
}
