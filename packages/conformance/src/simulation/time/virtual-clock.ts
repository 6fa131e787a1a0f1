/** The `Clock` of one simulated process: its timers die with it, and its wall clock may be wrong. */
import type { Clock, TimerHandle } from '@ebus/core/driver';
import type { Random } from './random.js';
import type { Owner, VirtualTime, VirtualTimer } from './virtual-time.js';

/** 2026-01-01, when every simulation begins. */
export const EPOCH = Date.UTC(2026, 0, 1);

interface Handle extends TimerHandle {
  readonly timer: VirtualTimer;
}

/** Virtual time for one process. Each process may have another wall clock, but all share the monotonic time. */
export class VirtualClock implements Clock {
  /** How far the machine's clock is off, in milliseconds. */
  offset = 0;
  /** Whether timers remember who set them. Costs a stack each. */
  static traces = false;
  readonly #time: VirtualTime;
  readonly #owner: Owner;
  readonly #random: Random;

  constructor(time: VirtualTime, owner: Owner, random: Random) {
    this.#time = time;
    this.#owner = owner;
    this.#random = random;
  }

  now(): number {
    return Math.floor(EPOCH + this.#time.now + this.offset);
  }

  monotonic(): number {
    return this.#time.now;
  }

  setTimeout(fn: () => void, ms: number): TimerHandle {
    // Like Node's, a timer takes at least 1 ms.
    const timer = this.#time.at(Math.max(1, ms), fn, this.#owner);
    if (VirtualClock.traces) timer.where = callers();
    const unref = () => {
      timer.keepsAlive = false;
    };
    const handle: Handle = { timer, unref };
    return handle;
  }

  clearTimeout(handle: TimerHandle): void {
    this.#time.cancel((handle as Handle).timer);
  }

  setImmediate(fn: () => void): void {
    this.#time.at(0, fn, this.#owner);
  }

  timeout(ms: number): AbortSignal {
    const controller = new AbortController();
    const abort = () => controller.abort(new DOMException('The operation timed out', 'TimeoutError'));
    if (ms <= 0) abort();
    else this.#time.at(Math.ceil(ms), abort, this.#owner).keepsAlive = false;
    return controller.signal;
  }

  random(): number {
    return this.#random.next();
  }

  randomBytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.#random.int(256));
  }
}

/** Who called, without the simulation itself. */
function callers(): string {
  const lines = (new Error('timer').stack ?? '').split('\n').slice(1);
  const names = lines.map((line) => /at (?:async )?([^ ]+)/.exec(line)?.[1] ?? '?');
  return names.slice(2, 8).join(' < ');
}
