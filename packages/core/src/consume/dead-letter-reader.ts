/** Reads what is in a dead-letter topic now, one batch after the other, and then ends. */
import type { Driver, DriverSubscription } from '../driver/driver.js';
import type { IncomingMessage, SettleOutcome } from '../driver/message.js';
import { abortError, UnsupportedError } from '../errors.js';

/** The group whose position says which dead letters have been dealt with. */
const REDRIVE_GROUP = 'ebus-redrive';
const BATCH = { messages: 256, bytes: 16 * 1024 * 1024 };
/** Nothing came for so long although something is left: another reader of the group has it. */
const PATIENCE_MS = 2_000;

export class DeadLetterReader {
  readonly #topic: string;
  readonly #subscription: DriverSubscription;
  readonly #signal: AbortSignal;
  readonly #unsettled = new Set<IncomingMessage>();
  #left: number;

  private constructor(topic: string, subscription: DriverSubscription, left: number, signal: AbortSignal) {
    this.#topic = topic;
    this.#subscription = subscription;
    this.#left = left;
    this.#signal = signal;
  }

  /** Joins the group at its position. What is dead-lettered from now on is left for the next reader. */
  static async open(driver: Driver, topic: string, signal: AbortSignal): Promise<DeadLetterReader> {
    const subscription = await driver.subscribe(
      {
        topic,
        group: REDRIVE_GROUP,
        persistence: 'persistent',
        durable: true,
        from: 'earliest',
        ordering: 'none',
      },
      { signal },
    );
    if (subscription.lag === undefined) {
      await subscription.close({ signal });
      throw new UnsupportedError(`${driver.system} cannot tell how many dead letters '${topic}' has`);
    }
    const lag = await subscription.lag({ signal });
    return new DeadLetterReader(
      topic,
      subscription,
      lag.reduce((sum, { lag: one }) => sum + one, 0),
      signal,
    );
  }

  /** How many are still to come. */
  get left(): number {
    return this.#left;
  }

  /** Oldest first. @throws EbusError `ABORTED` */
  async *messages(): AsyncGenerator<IncomingMessage> {
    while (this.#left > 0) {
      const batch = await this.#receive();
      if (batch === undefined) return;
      for (const message of batch) {
        this.#left--;
        this.#unsettled.add(message);
      }
      yield* batch;
    }
  }

  async settle(message: IncomingMessage, outcome: SettleOutcome): Promise<void> {
    this.#unsettled.delete(message);
    await this.#subscription.settle([{ token: message.token, outcome }]);
  }

  /** Hands back what was read and not settled, in order, and leaves the group. */
  async close(): Promise<void> {
    this.#subscription.stop();
    const back = [...this.#unsettled].map(({ token }) => ({ token, outcome: 'released' as const }));
    if (back.length > 0) await this.#subscription.settle(back);
    await this.#subscription.close({ signal: AbortSignal.timeout(PATIENCE_MS) });
  }

  async #receive(): Promise<readonly IncomingMessage[] | undefined> {
    let timer: NodeJS.Timeout | undefined;
    let onAbort = () => {};
    const demand = { ...BATCH, messages: Math.min(BATCH.messages, this.#left) };
    const given = new Promise<undefined>((resolve, reject) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
      onAbort = () => reject(abortError(this.#signal, `reading dead letters of '${this.#topic}'`));
      if (this.#signal.aborted) onAbort();
      this.#signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([this.#subscription.receive(demand), given]);
    } finally {
      clearTimeout(timer);
      this.#signal.removeEventListener('abort', onAbort);
    }
  }
}
