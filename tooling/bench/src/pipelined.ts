/** Publishing as fast callers do, and waiting for handlers. */

/** Publishes in a row without awaiting each one; now and then the last, so that promises do not pile up. */
export async function pipelined(
  messages: number,
  publish: (index: number) => Promise<unknown>,
  awaitEvery = 1000,
): Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  for (let i = 0; i < messages; i++) {
    last = publish(i);
    if (i % awaitEvery === awaitEvery - 1) await last;
  }
  await last;
}

/** Counts handled messages and tells when enough of them are done. */
export class Countdown {
  #left = 0;
  #done: () => void = () => {};

  /** Resolves after that many more calls of `hit`. */
  start(messages: number): Promise<void> {
    this.#left = messages;
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  hit(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#done();
  }
}
