/** The machine's clock, with a way to skip ahead: for waits of the bus that are longer than a test should take. */
import type { Clock, TimerHandle } from '@ebus/core/driver';

interface Timer extends TimerHandle {
  readonly due: number;
  readonly machineTimer: NodeJS.Timeout;
  fire(): void;
}

export class SkippableClock implements Clock {
  #skipped = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return Date.now() + this.#skipped;
  }

  setTimeout(fn: () => void, ms: number): TimerHandle {
    const fire = () => {
      this.clearTimeout(timer);
      fn();
    };
    const machineTimer = setTimeout(fire, ms);
    const timer: Timer = {
      due: this.now() + ms,
      machineTimer,
      fire,
      unref: () => machineTimer.unref(),
    };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    this.#timers.delete(handle as Timer);
    clearTimeout((handle as Timer).machineTimer);
  }

  /** Moves the time on; what is due by then fires now, earliest first. */
  skip(ms: number): void {
    this.#skipped += ms;
    const due = [...this.#timers].filter((timer) => timer.due <= this.now());
    for (const timer of due.sort((a, b) => a.due - b.due)) timer.fire();
  }
}
