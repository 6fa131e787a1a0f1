/**
 * Waits until a consumer can be asked for messages again: no older request receives for this instance, and it is
 * there.
 */
import type { Clock } from '@ebus/core/driver';
import type { Link } from '../link.js';
import { type Locator, Superseded } from './locator.js';
import type { PullInbox } from './pull-inbox.js';
import type { Target } from './target.js';
import type { Timers } from './timers.js';

const RETRY_MS = { first: 200, most: 5_000 };

interface OpeningOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly locator: Locator;
  readonly target: Target;
}

/** Prepares a consumer for requests after an interruption. Retries until it works or another interruption comes. */
export class Opening {
  readonly #options: OpeningOptions;
  /** Of an interruption before. */
  #previous: PullInbox | undefined;

  constructor(options: OpeningOptions) {
    this.#options = options;
  }

  /** Ends an inbox of which requests may be open. */
  async end(old: PullInbox, link: Link): Promise<void> {
    if (old.link === link) await old.drain().catch(() => {});
    else old.discard();
    this.#previous = old;
  }

  /** False once there was another interruption. */
  async ready(link: Link, isCurrent: () => boolean): Promise<boolean> {
    const { clock, timers } = this.#options;
    const previous = this.#previous;
    // A server that has not noticed that the connection broke delivers to the requests that were made on it, and newer
    // messages here: nothing is asked for before those requests have ended.
    while (previous !== undefined && isCurrent()) {
      if (!(await previous.mayStillReceive(link, clock.monotonic()))) break;
      await timers.pause(RETRY_MS.first);
    }
    if (!isCurrent()) return false;
    this.#previous = undefined;
    return this.#located(isCurrent);
  }

  async #located(isCurrent: () => boolean): Promise<boolean> {
    const { locator, target, timers } = this.#options;
    for (let wait = RETRY_MS.first; isCurrent(); wait = Math.min(2 * wait, RETRY_MS.most)) {
      try {
        await locator.locate();
        break;
      } catch (error) {
        if (isCurrent() && !(error instanceof Superseded)) target.failed(error);
      }
      await timers.pause(wait);
    }
    return isCurrent();
  }
}
