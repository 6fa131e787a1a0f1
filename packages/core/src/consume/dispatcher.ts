/** Who may run when: one interface over per-key lanes and over plain concurrency. */
import { EbusError } from '../errors.js';
import { KeyedLanes } from '../keyed-pool/keyed-lanes.js';
import { Deque } from '../util/deque.js';
import type { Delivery } from './delivery.js';

/** Starts deliveries within the limit of concurrency. Without order each delivery is a lane of its own. */
export interface Dispatcher {
  readonly queued: number;
  readonly activeKeys: number;
  /** How many run at once. With fewer, those that run are let run; with more, those that wait start now. */
  setConcurrency(concurrency: number): void;
  /** How many wait of the key of which most do; 0 where there are no keys. */
  readonly longest: number;
  /** A key of which so many wait. For messages to people: it looks at all of them. */
  longestKey(): string | undefined;
  /** `start` is called with it when it may run: perhaps at once. */
  push(delivery: Delivery): void;
  /** It waits (backoff, halt, dead letter): its place is free, but nothing of its key may pass it. */
  hold(delivery: Delivery): void;
  /** A held delivery wants to run again: `start` is called with it when there is a place. */
  resume(delivery: Delivery): void;
  /** A started or held delivery is finished. */
  release(delivery: Delivery): void;
}

type Start = (delivery: Delivery) => void;

/** One at a time per key, in order; different keys at once up to `concurrency`. */
export function orderedDispatcher(concurrency: number, start: Start): Dispatcher {
  const lanes = new KeyedLanes<Delivery>({
    concurrency,
    run: (delivery, lane) => {
      delivery.lane = lane;
      start(delivery);
    },
  });
  const laneOf = (delivery: Delivery) => delivery.lane ?? never();
  return {
    get queued() {
      return lanes.queued;
    },
    get activeKeys() {
      return lanes.activeKeys;
    },
    setConcurrency: (limit) => {
      lanes.concurrency = limit;
    },
    get longest() {
      return lanes.longest;
    },
    longestKey: () => {
      for (const { key, waiting } of lanes.lanes()) if (waiting === lanes.longest) return key;
      return undefined;
    },
    push: (delivery) => lanes.push(delivery.key, delivery),
    hold: (delivery) => lanes.hold(laneOf(delivery)),
    resume: (delivery) => lanes.resume(laneOf(delivery)),
    release: (delivery) => lanes.release(laneOf(delivery)),
  };
}

/** Any order, `concurrency` at once. */
export class UnorderedDispatcher implements Dispatcher {
  #concurrency: number;
  readonly #start: Start;
  readonly #queue = new Deque<Delivery>();
  readonly #held = new Set<Delivery>();
  #running = 0;
  #starting = false;

  constructor(concurrency: number, start: Start) {
    this.#concurrency = concurrency;
    this.#start = start;
  }

  get queued(): number {
    return this.#queue.length;
  }

  get activeKeys(): number {
    return 0;
  }

  setConcurrency(concurrency: number): void {
    this.#concurrency = concurrency;
    this.#startQueued();
  }

  get longest(): number {
    return 0;
  }

  longestKey(): undefined {}

  push(delivery: Delivery): void {
    if (this.#running < this.#concurrency && this.#queue.length === 0 && !this.#starting) {
      this.#running++;
      this.#start(delivery);
      return;
    }
    this.#queue.push(delivery);
    this.#startQueued();
  }

  hold(delivery: Delivery): void {
    this.#held.add(delivery);
    this.#running--;
    this.#startQueued();
  }

  resume(delivery: Delivery): void {
    if (!this.#held.delete(delivery)) return;
    this.#queue.unshift(delivery);
    this.#startQueued();
  }

  release(delivery: Delivery): void {
    if (this.#held.size > 0 && this.#held.delete(delivery)) return;
    if (this.#running === 0)
      throw new EbusError('more deliveries were released than run', { code: 'INTERNAL' });
    this.#running--;
    if (this.#queue.length > 0) this.#startQueued();
  }

  /** A loop, not recursion: handlers that answer at once release from within `start`. */
  #startQueued(): void {
    if (this.#starting) return;
    this.#starting = true;
    while (this.#running < this.#concurrency) {
      const delivery = this.#queue.shift();
      if (delivery === undefined) break;
      this.#running++;
      this.#start(delivery);
    }
    this.#starting = false;
  }
}

function never(): never {
  throw new EbusError('a delivery that was not started has no lane', { code: 'INTERNAL' });
}
