/** Many deadlines on one timer. */
import { type Clock, MAX_TIMER_MS, type TimerHandle } from '../clock.js';
import { DeadlineHeap, isBefore } from './deadline-heap.js';

/**
 * The fields of a queued object, so that adding and removing allocate nothing. The queue owns these fields; an
 * entry starts with both links undefined and the numbers 0, and is in one queue at a time.
 */
export interface DeadlineEntry {
  /** In the monotonic time of the queue's clock. */
  deadline: number;
  prev: DeadlineEntry | undefined;
  next: DeadlineEntry | undefined;
  /** Its turn among equal deadlines. */
  sequence: number;
  /** Its place among those that were not added in the order of their deadlines. */
  slot: number;
}

/** Whether waiting keeps the process alive. */
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
 * Entries whose deadlines come in order, as those of one timeout do, are kept in a list, the others in a heap. So adding
 * and removing take constant time where all entries have the same timeout, and O(log n) otherwise. Removing
 * leaves the timer alone; it fires for nothing then and is set for the rest, so a steady stream of entries that end
 * in time costs one timer per timeout, not one each. Deadlines may pass up to a millisecond late, as timers do, and I/O has a
 * turn before: an answer that has arrived comes first, however long the process had slept.
 */
export class DeadlineQueue<T extends DeadlineEntry> {
  readonly #clock: Clock;
  readonly #onExpire: (entry: T) => void;
  readonly #keepAlive: boolean;
  /** By deadline: each is at least as late as the one before it. */
  readonly #waiting = ring();
  /** Entries added with an earlier deadline than the end of the list. */
  readonly #early = new DeadlineHeap<DeadlineEntry>();
  /** Expired and about to be told; entries can still be removed from it. */
  readonly #due = ring();
  /** After I/O had a turn: where the process slept, answers that came in time are read only now. */
  readonly #fire = () => {
    this.#timer = undefined;
    this.#clock.setImmediate(this.#expireDue);
  };
  readonly #expireDue = () => this.#expire();
  #sequence = 0;
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
    return this.#first === undefined && this.#due.next === this.#due;
  }

  /** Whether the entry is in a queue. */
  has(entry: T): boolean {
    return entry.next !== undefined || entry.slot > 0;
  }

  /** Adds an entry, or moves it where it is queued already. */
  add(entry: T, deadline: number): void {
    this.#takeOut(entry);
    entry.deadline = deadline;
    entry.sequence = this.#sequence++;
    const latest = this.#waiting.prev;
    if (latest === this.#waiting || latest.deadline <= deadline) append(this.#waiting, entry);
    else this.#early.add(entry);
    if (deadline < this.#armedFor) this.#arm(deadline);
  }

  /** Gives a queued entry another deadline. Does nothing for one that is in no queue, as when it has just expired. */
  move(entry: T, deadline: number): void {
    if (this.has(entry)) this.add(entry, deadline);
  }

  /** Idempotent; also harmless for an entry that was never added or has expired. */
  remove(entry: T): void {
    if (!this.has(entry)) return;
    this.#takeOut(entry);
    if (this.#keepAlive && this.isEmpty) this.#disarm();
  }

  /** Removes all entries and the timer; nothing expires. */
  clear(): void {
    empty(this.#waiting);
    this.#early.clear();
    empty(this.#due);
    this.#disarm();
  }

  #expire(): void {
    // Another timer may have been set meanwhile.
    this.#disarm();
    // What is due is taken out first, so that an entry that is added again at once waits for another turn.
    const now = this.#clock.monotonic();
    let first = this.#first;
    for (; first !== undefined && first.deadline <= now; first = this.#first) {
      this.#takeOut(first);
      append(this.#due, first);
    }
    if (first !== undefined) this.#arm(first.deadline);
    try {
      for (let entry = this.#due.next; entry !== this.#due; entry = this.#due.next) {
        unlink(entry);
        this.#onExpire(entry as T);
      }
    } finally {
      if (this.#due.next !== this.#due) this.#arm(now);
    }
  }

  /** The earliest of those that wait. */
  get #first(): DeadlineEntry | undefined {
    const early = this.#early.first;
    const inOrder = this.#waiting.next;
    if (inOrder === this.#waiting) return early;
    return early === undefined || isBefore(inOrder, early) ? inOrder : early;
  }

  #takeOut(entry: T | DeadlineEntry): void {
    if (entry.next !== undefined) unlink(entry);
    else if (entry.slot > 0) this.#early.remove(entry);
  }

  #arm(deadline: number): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    const delay = deadline - this.#clock.monotonic();
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
