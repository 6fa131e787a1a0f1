/** Publishing as fast callers do, and waiting for handlers. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** How a caller publishes many messages. */
export interface Pace {
  /** After so many publishes the last one is awaited, so that promises do not pile up. */
  readonly batch: number;
  /** Whether the event loop gets a turn then, as it does where the messages come from I/O. */
  readonly turn: boolean;
}

export const STEADY: Pace = { batch: 1000, turn: true };
/** A loop that never lets go: handlers fall behind until the transport's bound holds the publisher up. */
export const FLOOD: Pace = { batch: 1000, turn: false };

/** Publishes without awaiting each one. */
export async function pipelined(
  messages: number,
  publish: (index: number) => Promise<unknown>,
  { batch, turn }: Pace = STEADY,
): Promise<void> {
  for (let next = 0; next < messages; ) {
    const end = Math.min(next + batch, messages);
    while (next < end - 1) void publish(next++);
    await publish(next++);
    if (turn) await nextTurn();
  }
}

/** Counts handled messages and tells when enough of them are done. */
export class Countdown {
  #left = 0;
  #done: () => void = () => {};
  #mark = 0;
  #atMark: () => void = () => {};

  /** Resolves after that many more calls of `hit`. */
  start(messages: number): Promise<void> {
    this.#left = messages;
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  /** Calls it once when only that many calls of `hit` are left to come. */
  at(left: number, action: () => void): void {
    this.#mark = left;
    this.#atMark = action;
  }

  hit(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#done();
    else if (this.#left === this.#mark) this.#atMark();
  }
}
