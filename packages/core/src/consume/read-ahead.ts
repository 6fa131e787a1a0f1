/** Deliveries pushed and not begun yet: handed on in slices, so that timers and I/O get their turn. */
import { Deque } from '../util/deque.js';
import type { EventLoopYield } from '../util/event-loop-yield.js';
import type { Delivery } from './delivery.js';

/** Messages handed on before the time is looked at. */
const SLICE = 16;

interface ReadAheadOptions {
  readonly loopYield: Pick<EventLoopYield, 'due'>;
  /** Begins the next one, which may run at once. Not called for deliveries that have left meanwhile. */
  begin(delivery: Delivery): void;
  /** Around several calls of `begin`. */
  batch(begins: boolean): void;
}

/**
 * A queue before the lanes, empty most of the time: deliveries are begun at once, unless handlers that never wait
 * have had the event loop for long. Deliveries here are in flight like all others: revoking, losing and renewing know
 * it.
 */
export class ReadAhead {
  readonly #options: ReadAheadOptions;
  readonly #waiting = new Deque<Delivery>();
  #inSlice = 0;
  /** A delivery waits, or is about to. */
  #isBusy = false;
  #yielding = false;
  #handing = false;
  #stopped = false;

  constructor(options: ReadAheadOptions) {
    this.#options = options;
  }

  /** Whether the next delivery may be begun at once; else it has to be `take`n. Tell `begun` of each. */
  get isFree(): boolean {
    return !this.#isBusy;
  }

  /** Deliveries that are not begun yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** One was begun. */
  begun(): void {
    if (++this.#inSlice >= SLICE) this.#lookAtTime();
  }

  /** Begins it once all deliveries before it have begun. */
  take(delivery: Delivery): void {
    this.#isBusy = true;
    this.#waiting.push(delivery);
    this.#handOn();
  }

  /** Nothing more is begun; waiting deliveries stay in flight. */
  stop(): void {
    this.#stopped = true;
    this.#isBusy = true;
    this.#waiting.clear();
  }

  /** Begins waiting deliveries, until other work is due on the event loop. */
  #handOn(): void {
    if (this.#handing || this.#yielding || this.#stopped) return;
    this.#handing = true;
    this.#options.batch(true);
    while (!this.#yielding && !this.#stopped) {
      const delivery = this.#waiting.shift();
      if (delivery === undefined) break;
      if (delivery.state !== 'buffered') continue;
      this.#options.begin(delivery);
      this.begun();
    }
    this.#handing = false;
    this.#isBusy = this.#stopped || this.#yielding || this.#waiting.length > 0;
    this.#options.batch(false);
  }

  #lookAtTime(): void {
    this.#inSlice = 0;
    const turn = this.#options.loopYield.due();
    if (turn === undefined) return;
    this.#yielding = true;
    this.#isBusy = true;
    void turn.then(() => {
      this.#yielding = false;
      this.#handOn();
    });
  }
}
