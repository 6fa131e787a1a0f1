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

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  seen(): void {
    this.#last = this.#clock.monotonic();
  }

  get areMissing(): boolean {
    return this.#clock.monotonic() - this.#last >= MISSED_HEARTBEATS * HEARTBEAT_MS;
  }
}
