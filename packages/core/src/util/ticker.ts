/** Work that is done again and again: at an interval, never twice at once, and no reason for the process to live on. */
import type { Clock, TimerHandle } from '../clock.js';

/** Repeats one piece of work while it is started. Its timers keep no process alive. */
export class Ticker {
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #work: () => unknown;
  #timer: TimerHandle | undefined;
  #due = 0;
  #running: Promise<void> | undefined;
  #started = false;

  /** `work` should not throw or reject; where it does, the next tick comes all the same. What takes longer than the interval (milliseconds) skips the ticks it missed. */
  constructor(clock: Clock, interval: number, work: () => unknown) {
    this.#clock = clock;
    this.#interval = interval;
    this.#work = work;
  }

  get started(): boolean {
    return this.#started;
  }

  /** The first tick is one interval away, or now. Idempotent. */
  start({ atOnce = false }: { atOnce?: boolean } = {}): void {
    if (this.#started) return;
    this.#started = true;
    this.#due = this.#clock.monotonic() + (atOnce ? 0 : this.#interval);
    if (atOnce) this.#tick();
    else this.#schedule();
  }

  /** No further tick; resolves when the one under way is done. */
  async stop(): Promise<void> {
    this.#started = false;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }

  #tick(): void {
    this.#timer = undefined;
    const done = () => {
      this.#running = undefined;
      if (this.#started) this.#schedule();
    };
    let outcome: unknown;
    try {
      outcome = this.#work();
    } catch (error) {
      done();
      throw error;
    }
    if (outcome instanceof Promise) this.#running = outcome.then(done, done);
    else done();
  }

  /** In step with the first tick, so that the interval does not grow by the time of the work. */
  #schedule(): void {
    if (this.#timer !== undefined) return;
    const now = this.#clock.monotonic();
    if (this.#due <= now) {
      const behind = Math.floor((now - this.#due) / this.#interval) + 1;
      this.#due += behind * this.#interval;
    }
    this.#timer = this.#clock.setTimeout(() => this.#tick(), this.#due - now);
    this.#timer.unref();
  }
}
