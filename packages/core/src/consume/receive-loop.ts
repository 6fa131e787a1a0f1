/** Fetches while there is room in the window, and hands the messages on in log order. */
import type { Clock, TimerHandle } from '../clock.js';
import type { Demand, DriverSubscription, ReceivedBatch } from '../driver/driver.js';
import type { IncomingMessage } from '../driver/message.js';
import { backoffDelay } from '../util/backoff.js';
import type { EventLoopYield } from '../util/event-loop-yield.js';
import { type Deferred, deferred, isPromise, macrotask } from '../util/promise.js';

/** Messages of one batch: large enough to spread its costs, small enough to keep the event loop moving. */
const MAX_BATCH = 256;
/** Messages handed on before the time is looked at. */
const SLICE = 16;
const FETCH_BACKOFF = { base: 200, max: 10_000 };

export interface ReceiveLoopOptions {
  driver: DriverSubscription;
  clock: Clock;
  loopYield: EventLoopYield;
  /** The room that is left; nothing is fetched while it has none. */
  room(): Demand;
  /** Takes the messages from `start` up to and without `end`. */
  accept(messages: readonly IncomingMessage[], start: number, end: number): void;
  onError(error: unknown): void;
  /** The driver says that the subscription has ended. Not called after `stop`. */
  onEnded(): void;
  /** Milliseconds without room after which that is reported, once for each time without. */
  stallAfter: number;
  /** There has been no room for so long. */
  onStalled(ms: number): void;
}

export class ReceiveLoop {
  readonly #options: ReceiveLoopOptions;
  #waiting: Deferred<void> | undefined;
  #asking = false;
  #stopped = false;
  #abandoned = false;
  #failures = 0;
  /** Since when there is no room. */
  #fullSince: number | undefined;
  #stallTimer: TimerHandle | undefined;

  constructor(options: ReceiveLoopOptions) {
    this.#options = options;
  }

  /** True while the driver has nothing to hand over, or there is no room to ask. */
  get idle(): boolean {
    return this.#asking || this.#waiting !== undefined || this.#stopped;
  }

  /** How often fetching has failed in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** There may be room again. */
  wake(): void {
    if (this.#waiting === undefined) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting.resolve();
  }

  /** Fetches nothing more; what the driver was about to hand over is still accepted. */
  stop(): void {
    this.#stopped = true;
    if (this.#stallTimer !== undefined) this.#options.clock.clearTimeout(this.#stallTimer);
    try {
      this.#options.driver.stop();
    } catch (error) {
      this.#options.onError(error);
    }
    this.wake();
  }

  /** The driver did not answer its `stop`: what it hands over now is not accepted any more, and so comes again. */
  abandon(): void {
    this.#abandoned = true;
  }

  /** Ends after `stop`, or when the driver says that the subscription has ended. Never rejects. */
  async run(): Promise<void> {
    const { driver, accept, loopYield, clock } = this.#options;
    while (!this.#stopped) {
      const room = this.#options.room();
      if (room.messages <= 0 || room.bytes <= 0) {
        await this.#room();
        continue;
      }
      let batch: ReceivedBatch;
      try {
        const demand = room.messages > MAX_BATCH ? { messages: MAX_BATCH, bytes: room.bytes } : room;
        const received = driver.receive(demand);
        batch = isPromise(received) ? await this.#wait(received) : received;
        this.#failures = 0;
      } catch (error) {
        if (this.#stopped) return;
        this.#options.onError(error);
        await this.#pause(backoffDelay(FETCH_BACKOFF, ++this.#failures, clock));
        continue;
      }
      if (this.#abandoned) return;
      if (batch === undefined) return this.#ended();
      // A driver that answers with nothing, again and again, must not keep everything else from its turn.
      if (batch.length === 0) await macrotask(clock);
      // In slices: handlers that answer at once, and take their time, must not keep timers and I/O waiting. Awaiting
      // only where that is due lets the loop empty what is at hand in one go, and so keep pace with publishers.
      for (let start = 0; start < batch.length; start += SLICE) {
        accept(batch, start, Math.min(start + SLICE, batch.length));
        const turn = loopYield.due();
        if (turn !== undefined) await turn;
      }
    }
  }

  /** May end although there is no room yet. */
  async #room(): Promise<void> {
    const { clock, stallAfter } = this.#options;
    this.#fullSince ??= clock.monotonic();
    if (this.#stallTimer === undefined) this.#watchStall(stallAfter);
    this.#waiting = deferred();
    await this.#waiting.promise;
    const { messages, bytes } = this.#options.room();
    if (messages > 0 && bytes > 0) this.#fullSince = undefined;
  }

  /** One timer for many waits: it looks for how long the one of that moment has lasted. */
  #watchStall(ms: number): void {
    const { clock, stallAfter, onStalled } = this.#options;
    this.#stallTimer = clock.setTimeout(() => {
      this.#stallTimer = undefined;
      if (this.#fullSince === undefined) return;
      const lasted = clock.monotonic() - this.#fullSince;
      if (lasted < stallAfter) this.#watchStall(stallAfter - lasted);
      else onStalled(lasted);
    }, ms);
    this.#stallTimer.unref();
  }

  #ended(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#options.onEnded();
  }

  async #wait(received: Promise<ReceivedBatch>): Promise<ReceivedBatch> {
    this.#asking = true;
    try {
      return await received;
    } finally {
      this.#asking = false;
    }
  }

  async #pause(ms: number): Promise<void> {
    this.#waiting = deferred();
    const timer = this.#options.clock.setTimeout(() => this.wake(), ms);
    await this.#waiting.promise;
    this.#options.clock.clearTimeout(timer);
  }
}
