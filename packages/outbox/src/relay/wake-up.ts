/** Waiting for work: until something happens, or for so long. */
import type { Clock, TimerHandle } from '@ebus/core/driver';

/** A wait that ends early when called. A call before the wait ends the next wait at once, so no call is lost. */
export class WakeUp {
  readonly #clock: Clock;
  #called = false;
  #end: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the wait that is under way, or else the next one. */
  call(): void {
    this.#called = true;
    this.#end?.();
  }

  /** Resolves after so many milliseconds, or when called. Does not keep the process running. */
  async wait(ms: number): Promise<void> {
    if (!this.#called && ms > 0) {
      let timer: TimerHandle | undefined;
      await new Promise<void>((resolve) => {
        this.#end = resolve;
        timer = this.#clock.setTimeout(resolve, ms);
        timer.unref();
      });
      if (timer !== undefined) this.#clock.clearTimeout(timer);
      this.#end = undefined;
    }
    this.#called = false;
  }
}
