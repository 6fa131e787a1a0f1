/** One lane of keyed lanes: its current item, the items behind it, and its place among the lanes that are ready. */

/** A key with running, held or waiting items. The handle is good until the key goes idle. */
export interface Lane<T> {
  readonly key: string;
  /** The item that runs or is held. */
  readonly item: T | undefined;
  /** That item, else the first that waits. */
  readonly oldest: T | undefined;
  /** How many items wait behind it. */
  readonly waiting: number;
}

/** The states of a lane. */
export const LaneState = {
  /** The key is idle; the lane object is not used again. */
  FREE: 0,
  /** Waits for a slot, to run its first waiting item. */
  READY: 1,
  RUNNING: 2,
  /** Its item gave the slot back and stands still. */
  HELD: 3,
  /** Waits for a slot, to run the item that was held. */
  RESUMED: 4,
} as const;

export type LaneState = (typeof LaneState)[keyof typeof LaneState];

/** An item that waits, with its place in the order of pushing over all lanes. */
export interface Waiting<T> {
  readonly item: T;
  readonly sequence: number;
  next: Waiting<T> | undefined;
}

/** A singly linked queue rather than a `Deque`: most of many lanes hold an item or two, and no buffer each. */
export class KeyLane<T> implements Lane<T> {
  readonly key: string;
  state: LaneState = LaneState.FREE;
  item: T | undefined = undefined;
  waiting = 0;
  #first: Waiting<T> | undefined = undefined;
  #last: Waiting<T> | undefined = undefined;
  /** Neighbours in a ring of lanes; undefined while in none. */
  prev: KeyLane<T> | undefined = undefined;
  next: KeyLane<T> | undefined = undefined;

  constructor(key: string) {
    this.key = key;
  }

  get oldest(): T | undefined {
    return this.item ?? this.#first?.item;
  }

  enqueue(item: T, sequence: number): void {
    const waiting: Waiting<T> = { item, sequence, next: undefined };
    if (this.#last === undefined) this.#first = waiting;
    else this.#last.next = waiting;
    this.#last = waiting;
    this.waiting++;
  }

  /** Removes the first that waits; there must be one. */
  dequeue(): T {
    const first = this.#first as Waiting<T>;
    this.#first = first.next;
    if (first.next === undefined) this.#last = undefined;
    this.waiting--;
    return first.item;
  }

  /** Moves the waiting items that match into `taken`. */
  take(matches: (item: T) => boolean, taken: Waiting<T>[]): void {
    let kept: Waiting<T> | undefined;
    let waiting = this.#first;
    this.#first = undefined;
    for (; waiting !== undefined; waiting = waiting.next) {
      if (matches(waiting.item)) {
        taken.push(waiting);
        this.waiting--;
      } else {
        if (kept === undefined) this.#first = waiting;
        else kept.next = waiting;
        kept = waiting;
      }
    }
    if (kept !== undefined) kept.next = undefined;
    this.#last = kept;
  }
}

/** The sentinel of an empty ring. */
export function laneRing<T>(): KeyLane<T> {
  const sentinel = new KeyLane<T>('');
  sentinel.prev = sentinel;
  sentinel.next = sentinel;
  return sentinel;
}

/** Puts a lane at the end of a ring. */
export function link<T>(ring: KeyLane<T>, lane: KeyLane<T>): void {
  const last = ring.prev as KeyLane<T>;
  lane.prev = last;
  lane.next = ring;
  last.next = lane;
  ring.prev = lane;
}

/** Takes a lane out of its ring. Constant time. */
export function unlink<T>(lane: KeyLane<T>): void {
  (lane.prev as KeyLane<T>).next = lane.next;
  (lane.next as KeyLane<T>).prev = lane.prev;
  lane.prev = undefined;
  lane.next = undefined;
}
