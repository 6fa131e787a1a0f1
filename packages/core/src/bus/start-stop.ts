/** Starting and stopping the enabled parts, one after the other, in any order of calls. */
import { BusClosedError } from '../errors.js';
import type { Extension } from '../registry/plugin.js';
import { Turns } from '../util/turns.js';
import { abortable } from '../util/waiting.js';

/** Parts that are started and stopped. */
export interface StartStopOptions {
  monitoring: { start(): Promise<void>; stop(): Promise<void> };
  extensions: readonly Extension[];
  /** Aborts when the bus begins to close. */
  closing: AbortSignal;
}

/** Runs starts and stops one after the other. A stop takes back a start that is under way. */
export class StartStop {
  readonly #options: StartStopOptions;
  readonly #turns = new Turns();
  /** The start under way, or waiting for its turn, and what takes it back. */
  #starting: { done: Promise<void>; abort: AbortController } | undefined;
  /** Extensions that were started, in that order. */
  #started: Extension[] = [];
  #running = false;

  constructor(options: StartStopOptions) {
    this.#options = options;
  }

  /**
   * Concurrent calls share one outcome. A start that fails stops the parts that it had started, and may be repeated.
   * A `stop` that comes meanwhile ends it early, and it resolves.
   */
  async start(): Promise<void> {
    const { closing } = this.#options;
    if (closing.aborted) throw new BusClosedError();
    if (this.#starting === undefined) {
      const abort = new AbortController();
      const done = this.#turns
        .run('', () => this.#start(abort.signal))
        .finally(() => {
          if (this.#starting?.abort === abort) this.#starting = undefined;
        });
      this.#starting = { done, abort };
    }
    try {
      await abortable(this.#starting.done, closing, 'starting');
    } catch (error) {
      throw closing.aborted ? new BusClosedError() : error;
    }
  }

  /**
   * Stops all started parts, also those started by hand. An error of one part does not keep the others; the first is
   * thrown.
   */
  async stop(): Promise<void> {
    this.#starting?.abort.abort();
    this.#starting = undefined;
    // Not in turn: this ends what a start waits for.
    const hurried = this.#options.monitoring.stop();
    hurried.catch(() => {});
    await this.#turns.run('', () => this.#stop());
  }

  async #start(stopped: AbortSignal): Promise<void> {
    const { extensions, monitoring, closing } = this.#options;
    if (this.#running) return;
    this.#running = true;
    const goesOn = () => !stopped.aborted && !closing.aborted;
    try {
      // Extensions first: who asks over HTTP gets an answer while probes are still being subscribed to.
      for (const extension of extensions) {
        if (!goesOn()) return;
        this.#started.push(extension);
        await extension.start?.();
      }
      if (goesOn()) await monitoring.start();
    } catch (error) {
      await this.#stop().catch(() => {});
      throw error;
    }
  }

  async #stop(): Promise<void> {
    const { monitoring } = this.#options;
    const errors: unknown[] = [];
    const attempt = async (work: () => unknown) => {
      try {
        await work();
      } catch (error) {
        errors.push(error);
      }
    };
    await attempt(() => monitoring.stop());
    this.#running = false;
    for (const extension of this.#started.splice(0)) await attempt(() => extension.stop?.());
    if (errors.length > 0) throw errors[0];
  }
}
