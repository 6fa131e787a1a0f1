/** What was pushed and not begun yet: handed on in slices, so that timers and I/O get their turn. */
import { Deque } from '../util/deque.js';
import type { EventLoopYield } from '../util/event-loop-yield.js';
import type { Delivery } from './delivery.js';

/** Messages handed on before the time is looked at. */
const SLICE = 16;

export interface ReadAheadOptions {
  readonly loopYield: Pick<EventLoopYield, 'due'>;
  /** Takes the next one, which may run at once. Not called with what has left meanwhile. */
  begin(delivery: Delivery): void;
  /** Around several calls of `begin`. */
  batch(begins: boolean): void;
}

/**
 * A queue before the lanes, empty most of the time: what comes is begun at once, unless handlers that never wait have had the
 * event loop for long, or something has to stand back first. What waits here is in flight like everything else: revoking,
 * losing and renewing know it.
 */
export class ReadAhead {
  readonly #options: ReadAheadOptions;
  readonly #waiting = new Deque<Delivery>();
  #inSlice = 0;
  #yielding = false;
  #handing = false;
  #stopped = false;

  constructor(options: ReadAheadOptions) {
    this.#options = options;
  }

  /** Begins it now, or once everything before it has begun. */
  take(delivery: Delivery): void {
    if (this.#yielding || this.#stopped || this.#waiting.length > 0) {
      this.#waiting.push(delivery);
      if (!this.#yielding && !this.#handing) this.handOn();
      return;
    }
    this.#begin(delivery);
  }

  /** Nothing more is begun; what waits stays in flight. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
  }

  /** Begins what waits, until the event loop is due to somebody else. */
  handOn(): void {
    if (this.#handing) return;
    this.#handing = true;
    this.#options.batch(true);
    while (!this.#yielding && !this.#stopped) {
      const delivery = this.#waiting.shift();
      if (delivery === undefined) break;
      if (delivery.state === 'buffered') this.#begin(delivery);
    }
    this.#handing = false;
    this.#options.batch(false);
  }

  #begin(delivery: Delivery): void {
    this.#options.begin(delivery);
    if (++this.#inSlice < SLICE) return;
    this.#inSlice = 0;
    const turn = this.#options.loopYield.due();
    if (turn === undefined) return;
    this.#yielding = true;
    void turn.then(() => {
      this.#yielding = false;
      this.handOn();
    });
  }
}
