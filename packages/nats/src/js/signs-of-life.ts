/** Whether the server still answers the requests of a puller. */
import type { Clock } from '@ebus/core/driver';
import { HEARTBEAT_MS } from './demand.js';

/**
 * Without any sign of life for so many heartbeats the requests are taken for lost: a server says nothing where the consumer has
 * gone before they came.
 */
const MISSED_HEARTBEATS = 2;

/** Messages, statuses and heartbeats. */
export class SignsOfLife {
  readonly #clock: Clock;
  #last = 0;
  #isNew = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Called for each message: the time is looked at later. */
  seen(): void {
    this.#isNew = true;
  }

  /** To be asked regularly: a sign counts from the first question after it. */
  areMissing(): boolean {
    const now = this.#clock.monotonic();
    if (this.#isNew) this.#last = now;
    this.#isNew = false;
    return now - this.#last >= MISSED_HEARTBEATS * HEARTBEAT_MS;
  }
}
