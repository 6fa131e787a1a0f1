/** The machine's clock, with a way to skip ahead: for waits of the bus that are longer than a test should take. */
import { type Clock, systemClock, type TimerHandle } from '@ebus/core/driver';

interface Timer extends TimerHandle {
  readonly due: number;
  readonly machineTimer: TimerHandle;
  fire(): void;
}

/** Runs at the machine's pace between skips. Timers fire once, by either. */
export class SkippableClock implements Clock {
  #skipped = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return systemClock.now() + this.#skipped;
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
}
