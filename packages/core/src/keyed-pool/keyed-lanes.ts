/** The engine of keyed order: one lane per key, one item of a lane at a time, no promise and no closure per item. */
import { EbusError } from '../errors.js';
import { KeyLane, type Lane, LaneState, laneRing, link, unlink, type Waiting } from './lane.js';
import { LaneLengths } from './lane-lengths.js';

export type { Lane } from './lane.js';

/** Bound and work of the lanes. */
export interface KeyedLanesOptions<T> {
  /** How many items run at once, over all keys. */
  readonly concurrency: number;
  /** Starts an item. It ends when `release(lane)` is called, from within `run` or at any later time. Must not throw. */
  readonly run: (item: T, lane: Lane<T>) => void;
}

/**
 * Runs items of one key one at a time in the order of `push`, and items of different keys at the same time, up to
 * `concurrency`. Keys that wait for a slot take turns, one item each. Only running items are bounded here: bound
 * your pushes. An idle key takes no memory.
 *
 * All methods may be called from within `run`. Items that become startable meanwhile start after that `run` has returned,
 * from a loop, so that neither long queues nor handlers that push make the stack grow.
 */
export class KeyedLanes<T> {
  readonly #run: (item: T, lane: Lane<T>) => void;
  readonly #lanes = new Map<string, KeyLane<T>>();
  /** The lanes that wait for a slot. */
  readonly #ready = laneRing<T>();
  /**
   * A lane that `push` is just starting. It joins the map only if it is still busy when `run` returns: the item of a
   * synchronous handler never touches the map.
   */
  #starting: KeyLane<T> | undefined;
  #dispatching = false;
  #concurrency: number;
  #running = 0;
  #queued = 0;
  #held = 0;
  #sequence = 0;
  readonly #lengths = new LaneLengths();

  constructor(options: KeyedLanesOptions<T>) {
    this.#concurrency = options.concurrency;
    this.#run = options.run;
  }

  /** Items that run. */
  get running(): number {
    return this.#running;
  }

  /** Items that wait for their lane or for a slot; held ones are not among them. */
  get queued(): number {
    return this.#queued;
  }

  /** Items that are held, or resumed and waiting for a slot. */
  get held(): number {
    return this.#held;
  }

  /** How many items wait in the lane where most do. */
  get longest(): number {
    return this.#lengths.longest;
  }

  get activeKeys(): number {
    return this.#lanes.size + (this.#starting === undefined ? 0 : 1);
  }

  /** May be changed at any time; with 0 nothing starts any more until it is raised. */
  get concurrency(): number {
    return this.#concurrency;
  }

  set concurrency(concurrency: number) {
    this.#concurrency = concurrency;
    this.#dispatch();
  }

  /** How many items of that key wait; running and held ones are not counted. */
  waiting(key: string): number {
    return this.find(key)?.waiting ?? 0;
  }

  /** The lane of a key that is not idle. */
  find(key: string): Lane<T> | undefined {
    return this.#find(key);
  }

  /** The lanes of all keys that are not idle, in no order. */
  *lanes(): IterableIterator<Lane<T>> {
    if (this.#starting !== undefined) yield this.#starting;
    yield* this.#lanes.values();
  }

  /** Starts the item at once if its key is idle and a slot is free; otherwise it waits for its turn. */
  push(key: string, item: T): void {
    let lane = this.#find(key);
    if (lane !== undefined) {
      this.#enqueue(lane, item);
      return;
    }
    lane = new KeyLane<T>(key);
    if (this.#dispatching || this.#running >= this.#concurrency) {
      this.#lanes.set(key, lane);
      this.#enqueue(lane, item);
      this.#makeReady(lane, LaneState.READY);
      return;
    }
    this.#starting = lane;
    this.#dispatching = true;
    try {
      this.#start(lane, item);
    } finally {
      this.#dispatching = false;
      if (this.#starting !== undefined) {
        this.#starting = undefined;
        this.#lanes.set(key, lane);
      }
    }
    this.#dispatch();
  }

  /**
   * Ends the lane's running or held item: the next one may start.
   * @throws EbusError `INTERNAL` for a lane without such an item, because releasing twice would let two items of a key run at once.
   * It cannot be noticed once the lane runs its next item, so call it once for each item.
   */
  release(lane: Lane<T>): void {
    const own = lane as KeyLane<T>;
    if (own.state === LaneState.RUNNING) this.#running--;
    else if (own.state === LaneState.HELD || own.state === LaneState.RESUMED) this.#held--;
    else
      throw new EbusError(`lane '${own.key}' was released although no item of it runs or is held`, {
        code: 'INTERNAL',
      });
    own.item = undefined;
    if (own.next !== undefined) unlink(own);
    if (own.waiting > 0) this.#makeReady(own, LaneState.READY);
    else this.#free(own);
    this.#dispatch();
  }

  /**
   * Gives the running item's slot to others while the lane stands still: for backoff and halts. No other item of the
   * key starts until the held one was resumed and released, or released.
   * @throws EbusError `INTERNAL` for a lane whose item is not running
   */
  hold(lane: Lane<T>): void {
    const own = lane as KeyLane<T>;
    if (own.state !== LaneState.RUNNING) {
      throw new EbusError(`lane '${own.key}' was held although no item of it runs`, { code: 'INTERNAL' });
    }
    own.state = LaneState.HELD;
    this.#running--;
    this.#held++;
    this.#dispatch();
  }

  /**
   * Calls `run` for the held item again once a slot is free, at once if there is one.
   * @throws EbusError `INTERNAL` for a lane that is not held
   */
  resume(lane: Lane<T>): void {
    const own = lane as KeyLane<T>;
    if (own.state !== LaneState.HELD)
      throw new EbusError(`lane '${own.key}' was resumed although it is not held`, { code: 'INTERNAL' });
    this.#makeReady(own, LaneState.RESUMED);
    this.#dispatch();
  }

  /**
   * Removes waiting items (by default all of them) and returns them in the order of their `push`, over all keys.
   * Running and held items stay.
   */
  takeQueued(matches: (item: T) => boolean = () => true): T[] {
    const taken: Waiting<T>[] = [];
    for (const lane of this.lanes()) this.#takeFrom(lane as KeyLane<T>, matches, taken);
    return taken.sort((a, b) => a.sequence - b.sequence).map((waiting) => waiting.item);
  }

  /** Removes one waiting item; false where that key has none such. Takes time in proportion to the key's queue. */
  remove(key: string, item: T): boolean {
    const lane = this.#find(key);
    if (lane === undefined) return false;
    const taken: Waiting<T>[] = [];
    this.#takeFrom(lane, (other) => taken.length === 0 && other === item, taken);
    return taken.length > 0;
  }

  #find(key: string): KeyLane<T> | undefined {
    if (this.#starting !== undefined && this.#starting.key === key) return this.#starting;
    return this.#lanes.size === 0 ? undefined : this.#lanes.get(key);
  }

  #enqueue(lane: KeyLane<T>, item: T): void {
    lane.enqueue(item, this.#sequence++);
    this.#lengths.change(lane.waiting - 1, lane.waiting);
    this.#queued++;
  }

  #makeReady(lane: KeyLane<T>, state: typeof LaneState.READY | typeof LaneState.RESUMED): void {
    lane.state = state;
    link(this.#ready, lane);
  }

  #dispatch(): void {
    if (this.#dispatching || this.#ready.next === this.#ready) return;
    this.#dispatching = true;
    try {
      while (this.#running < this.#concurrency && this.#ready.next !== this.#ready) {
        this.#startReady(this.#ready.next as KeyLane<T>);
      }
    } finally {
      this.#dispatching = false;
    }
  }

  #startReady(lane: KeyLane<T>): void {
    unlink(lane);
    if (lane.state === LaneState.RESUMED) {
      this.#held--;
      this.#start(lane, lane.item as T);
    } else {
      this.#queued--;
      this.#lengths.change(lane.waiting, lane.waiting - 1);
      this.#start(lane, lane.dequeue());
    }
  }

  #start(lane: KeyLane<T>, item: T): void {
    lane.state = LaneState.RUNNING;
    lane.item = item;
    this.#running++;
    this.#run(item, lane);
  }

  #takeFrom(lane: KeyLane<T>, matches: (item: T) => boolean, taken: Waiting<T>[]): void {
    const before = lane.waiting;
    lane.take(matches, taken);
    this.#queued += lane.waiting - before;
    this.#lengths.change(before, lane.waiting);
    if (lane.waiting === 0 && lane.state === LaneState.READY) {
      unlink(lane);
      this.#free(lane);
    }
  }

  #free(lane: KeyLane<T>): void {
    lane.state = LaneState.FREE;
    if (lane === this.#starting) this.#starting = undefined;
    else this.#lanes.delete(lane.key);
  }
}
