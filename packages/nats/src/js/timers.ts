/** Timers that keep no process alive and end together. */
import type { Clock, TimerHandle } from '@ebus/core/driver';

/** Unreferenced timers of one owner. `stop` ends the repeating ones; a pause under way runs to its end. */
export class Timers {
  readonly #clock: Clock;
  readonly #pending = new Set<TimerHandle>();
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after so many milliseconds, also when they have ended. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimeout(resolve, ms).unref();
    });
  }

  /** Again and again, until they end. */
  every(ms: number, action: () => void): void {
    if (this.#stopped) return;
    const timer = this.#clock.setTimeout(() => {
      this.#pending.delete(timer);
      this.every(ms, action);
      action();
    }, ms);
    timer.unref();
    this.#pending.add(timer);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#pending) this.#clock.clearTimeout(timer);
    this.#pending.clear();
  }
}
