/**
 * Takes the present messages of a dead-letter topic, one after the other, and then ends. Reading is shared with other
 * redrives, by the position of one group; just to look at letters, there is `Driver.browse`.
 */
import type { Clock } from '../clock.js';
import type { Driver } from '../driver/driver.js';
import type { IncomingMessage, SettleOutcome } from '../driver/message.js';
import { sizeOf } from '../driver/message-size.js';
import type { DriverSubscription } from '../driver/subscription.js';
import { abortError, EbusError, UnsupportedError } from '../errors.js';
import type { Logger } from '../logger.js';
import { anySignal } from '../util/any-signal.js';
import { abortable, within } from '../util/waiting.js';
import { Mailbox } from './mailbox.js';
import { type LetterHandle, UnsettledLetters } from './unsettled-letters.js';

/** The group whose position says which dead letters have been dealt with. */
export const REDRIVE_GROUP = 'ebus-redrive';
/** The most that is held and granted together; the message that crosses the bytes comes on top. */
const WINDOW = { messages: 256, bytes: 16 * 1024 * 1024 };
/** Nothing came for so long: look whether anything is left. */
const LOOK_AFTER_MS = 2_000;
/** A remaining message was not handed over for so long: another redrive holds it. */
const GIVE_UP_AFTER_MS = 60_000;
const LEAVE_TIMEOUT_MS = 5_000;
/** The same where the bus closes, and waits for this. */
const LEAVE_SOON_MS = 100;

/** The dead-letter topic, and the signal that ends reading. */
export interface ReaderOptions {
  driver: Driver;
  topic: string;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

/** A member of the redrive group on one dead-letter topic. Close it in any case. */
export class DeadLetterReader {
  readonly #options: ReaderOptions;
  readonly #subscription: DriverSubscription;
  readonly #mailbox: Mailbox;
  readonly #unsettled: UnsettledLetters;
  readonly #stopKeeping: () => void;
  #left: number;

  private constructor(
    options: ReaderOptions,
    subscription: DriverSubscription,
    mailbox: Mailbox,
    unsettled: UnsettledLetters,
    left: number,
  ) {
    this.#options = options;
    this.#subscription = subscription;
    this.#mailbox = mailbox;
    this.#unsettled = unsettled;
    this.#left = left;
    this.#stopKeeping = keepLeases(options.clock, subscription, () => [...unsettled, ...mailbox.waiting]);
  }

  /**
   * Joins the group at its position. Messages dead-lettered from now on are left for the next reader.
   * @throws UnsupportedError where the transport cannot tell how many there are
   */
  static async open(options: ReaderOptions): Promise<DeadLetterReader> {
    const { driver, topic, signal } = options;
    const unsettled = new UnsettledLetters();
    // Of another reader by now: it is settled there, and not counted here.
    const mailbox = new Mailbox((isGone) => unsettled.drop(isGone));
    const subscription = await driver.subscribe(
      {
        topic,
        group: REDRIVE_GROUP,
        persistence: 'persistent',
        durable: true,
        from: 'earliest',
        ordering: 'none',
      },
      mailbox,
      { signal, attempt: 1 },
    );
    try {
      const lag = await lagOf(driver, topic, subscription, signal);
      return new DeadLetterReader(options, subscription, mailbox, unsettled, lag);
    } catch (error) {
      await leave(subscription, options);
      throw error;
    }
  }

  /** How many are still to come. */
  get left(): number {
    return this.#left;
  }

  /**
   * Oldest first. Ends when all present messages have come, or are gone. One that is not settled before the next is asked for
   * stays: it is handed back at the end.
   * @throws EbusError `ABORTED`; `SUBSCRIBE_FAILED` where others hold the remaining messages for too long
   */
  async *messages(): AsyncGenerator<IncomingMessage> {
    while (this.#left > 0) {
      const batch = await this.#receive();
      if (batch === undefined) return;
      for (const message of batch) {
        this.#left--;
        this.#unsettled.add(message);
      }
      for (const message of batch) {
        if (!this.#unsettled.has(message)) continue;
        yield message;
        this.#unsettled.keep(message);
      }
    }
  }

  async settle(message: IncomingMessage, outcome: SettleOutcome): Promise<void> {
    if (!this.#unsettled.delete(message)) return;
    await this.#subscription.settle([{ token: message.token, outcome }]);
  }

  /** Hands back unsettled messages, in order, and leaves the group. */
  async close(): Promise<void> {
    this.#stopKeeping();
    const { clock, logger, topic, signal } = this.#options;
    const subscription = this.#subscription;
    // Where the bus closes meanwhile, it is waited for no longer.
    const limit = signal.aborted
      ? clock.timeout(LEAVE_SOON_MS)
      : anySignal(clock.timeout(LEAVE_TIMEOUT_MS), signal);
    try {
      subscription.request({ messages: 0, bytes: 0 });
      await within(Promise.resolve(subscription.stop()), limit, () => {});
      for (const message of this.#mailbox.take()) this.#unsettled.add(message);
      const back = [...this.#unsettled].map(({ token }) => ({ token, outcome: 'released' as const }));
      if (back.length > 0) await subscription.settle(back);
    } catch (err) {
      logger.warn({ err, topic }, 'dead letters could not be handed back; they come again after a while');
    } finally {
      await leave(subscription, this.#options, limit);
    }
  }

  async #receive(): Promise<readonly IncomingMessage[] | undefined> {
    const { clock, signal, topic, driver } = this.#options;
    let lag = Number.POSITIVE_INFINITY;
    let since = clock.monotonic();
    for (;;) {
      const given = await this.#next();
      if (given !== 'nothing yet') return given;
      if (await this.#nothingIsLeft()) return undefined;
      const now = await lagOf(driver, topic, this.#subscription, signal);
      if (now !== lag) {
        lag = now;
        since = clock.monotonic();
      } else if (clock.monotonic() - since >= GIVE_UP_AFTER_MS) {
        throw new EbusError(
          `${now} dead letters of '${topic}' were not handed over for ${GIVE_UP_AFTER_MS} ms: another redrive holds them; ` +
            'try again when it has ended',
          { code: 'SUBSCRIBE_FAILED', retryable: true },
        );
      }
    }
  }

  /** The messages of the next seconds. */
  async #next(): Promise<readonly IncomingMessage[] | undefined | 'nothing yet'> {
    const { clock, signal, topic } = this.#options;
    const what = `reading dead letters of '${topic}'`;
    if (signal.aborted) throw abortError(signal, what);
    this.#request();
    const news = abortable(this.#mailbox.news(), signal, what);
    await within(news, { clock, ms: LOOK_AFTER_MS }, () => {});
    const messages = this.#mailbox.take();
    if (messages.length > 0) return messages;
    return this.#mailbox.hasEnded ? undefined : 'nothing yet';
  }

  /** Nothing is at work now. Letters that have come meanwhile take their room. */
  #request(): void {
    const { waiting } = this.#mailbox;
    const messages = Math.min(WINDOW.messages, this.#left) - waiting.length;
    const bytes = waiting.reduce((room, letter) => room - sizeOf(letter), WINDOW.bytes);
    if (messages > 0 && bytes > 0) this.#subscription.request({ messages, bytes });
  }

  /** By looking: a position may stay behind the end of a log that holds no further message. */
  async #nothingIsLeft(): Promise<boolean> {
    const { driver, topic, signal } = this.#options;
    if (driver.browse === undefined) {
      return (await lagOf(driver, topic, this.#subscription, signal)) <= this.#unsettled.size;
    }
    const mine = new Set([...this.#unsettled].map(({ position }) => JSON.stringify(position)));
    for await (const { position } of driver.browse({ topic, from: { group: REDRIVE_GROUP } }, { signal })) {
      if (!mine.has(JSON.stringify(position))) return false;
    }
    return true;
  }
}

async function lagOf(
  driver: Driver,
  topic: string,
  subscription: DriverSubscription,
  signal: AbortSignal,
): Promise<number> {
  if (subscription.lag === undefined) {
    throw new UnsupportedError(`${driver.system} cannot tell how many dead letters '${topic}' has`);
  }
  const lag = await subscription.lag({ signal });
  return lag.reduce((sum, { lag: one }) => sum + one, 0);
}

async function leave(
  subscription: DriverSubscription,
  { clock, logger }: Pick<ReaderOptions, 'clock' | 'logger'>,
  limit: AbortSignal = clock.timeout(LEAVE_TIMEOUT_MS),
): Promise<void> {
  try {
    await within(Promise.resolve(subscription.stop()), limit, () => {});
    await subscription.close({ signal: limit.aborted ? clock.timeout(LEAVE_SOON_MS) : limit });
  } catch (err) {
    logger.warn({ err, group: REDRIVE_GROUP }, 'could not leave the group cleanly');
  }
}

/** A filter or a publish may take its time: all messages that were pushed stay this reader's meanwhile. */
function keepLeases(
  clock: Clock,
  subscription: DriverSubscription,
  held: () => readonly LetterHandle[],
): () => void {
  const { leaseMs } = subscription;
  if (leaseMs === undefined) return () => {};
  const renew = () => {
    const messages = held();
    if (messages.length > 0) subscription.extendLease?.(messages.map(({ token }) => token));
    timer = clock.setTimeout(renew, leaseMs / 3);
  };
  let timer = clock.setTimeout(renew, leaseMs / 3);
  return () => clock.clearTimeout(timer);
}
