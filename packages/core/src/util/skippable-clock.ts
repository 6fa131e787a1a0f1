/** The machine's clock, with a way to go ahead of it: for tests of waits that are longer than a test should take. */
import { type Clock, systemClock, type TimerHandle } from '../clock.js';

interface Timer extends TimerHandle {
  readonly due: number;
  readonly machineTimer: TimerHandle;
  fire(): void;
}

/** Enough for a chain of a few callbacks that each wait for the event loop. */
const TURNS = 4;
const MAX_STEPS = 10_000;

/** Runs at the machine's pace between skips. Timers fire once, by either. */
export class SkippableClock implements Clock {
  #skipped = 0;
  readonly #ahead: number;
  readonly #timers = new Set<Timer>();

  /** `startAt`: the wall time at the beginning, in epoch milliseconds. Default: the machine's. */
  constructor(startAt?: number) {
    this.#ahead = startAt === undefined ? 0 : startAt - systemClock.now();
  }

  now(): number {
    return systemClock.now() + this.#ahead + this.#skipped;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#skipped;
  }

  setTimeout(fn: () => void, ms: number): TimerHandle {
    const fire = () => {
      this.clearTimeout(timer);
      fn();
    };
    const machineTimer = systemClock.setTimeout(fire, ms);
    const timer: Timer = {
      due: this.monotonic() + ms,
      machineTimer,
      fire,
      unref: () => machineTimer.unref(),
    };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    this.#timers.delete(handle as Timer);
    systemClock.clearTimeout((handle as Timer).machineTimer);
  }

  setImmediate(fn: () => void): void {
    systemClock.setImmediate(fn);
  }

  timeout(ms: number): AbortSignal {
    const abort = new AbortController();
    this.setTimeout(() => abort.abort(new DOMException('the time is over', 'TimeoutError')), ms).unref();
    return abort.signal;
  }

  random(): number {
    return systemClock.random();
  }

  randomBytes(size: number): Uint8Array {
    return systemClock.randomBytes(size);
  }

  /** Moves the time on; what is due by then fires now, earliest first. */
  skip(ms: number): void {
    this.#skipped += ms;
    const due = [...this.#timers].filter((timer) => timer.due <= this.monotonic());
    for (const timer of due.sort((a, b) => a.due - b.due)) timer.fire();
  }

  /** Moves the time on to the next timer, and fires it. False where there is none. */
  skipToNext(): boolean {
    const due = this.#nextDue();
    if (due === Number.POSITIVE_INFINITY) return false;
    this.skip(Math.max(0, due - this.monotonic()));
    return true;
  }

  /**
   * Moves the time on from timer to timer, so that those that others set on the way fire as well. Between two of them the event
   * loop goes on for a few turns, and before the first, so that what was begun can set its timers. At most 10,000 steps: over
   * long times, timers that are close together fire together.
   */
  async advance(ms: number): Promise<void> {
    await turns();
    const end = this.monotonic() + ms;
    const step = ms / MAX_STEPS;
    for (let due = this.#nextDue(); due <= end; due = this.#nextDue()) {
      const now = this.monotonic();
      this.skip(Math.max(0, Math.min(end, Math.max(due, now + step)) - now));
      await turns();
    }
    this.skip(Math.max(0, end - this.monotonic()));
    await turns();
  }

  #nextDue(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { due } of this.#timers) if (due < next) next = due;
    return next;
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await new Promise<void>((resolve) => systemClock.setImmediate(resolve));
}
