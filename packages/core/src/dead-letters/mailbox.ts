/** The end of a subscription that is read message by message, rather than handled. */
import type { IncomingMessage, SettleToken } from '../driver/message.js';
import type { SubscriptionSink } from '../driver/subscription.js';
import { type Deferred, deferred } from '../util/promise.js';
import type { LetterHandle } from './unsettled-letters.js';

/** Buffers pushed messages until `take`. For one reader. */
export class Mailbox implements SubscriptionSink {
  #messages: IncomingMessage[] = [];
  readonly #drop: (isGone: (letter: LetterHandle) => boolean) => void;
  #failure: unknown;
  #news: Deferred<void> | undefined;
  hasEnded = false;

  /** @param gone is told of messages that were taken and are not this reader's any more */
  constructor(gone: (isGone: (letter: LetterHandle) => boolean) => void) {
    this.#drop = (isGone) => {
      this.#messages = this.#messages.filter((message) => !isGone(message));
      gone(isGone);
    };
  }

  /** Pushed and not taken. */
  get waiting(): readonly IncomingMessage[] {
    return this.#messages;
  }

  /** The messages here. @throws the error of fetching, once */
  take(): readonly IncomingMessage[] {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  /** Resolves when there is a message to take, or the subscription has ended. */
  news(): Promise<void> {
    if (this.#messages.length > 0 || this.#failure !== undefined || this.hasEnded) return Promise.resolve();
    this.#news ??= deferred();
    return this.#news.promise;
  }

  push(batch: readonly IncomingMessage[]): void {
    for (const message of batch) this.#messages.push(message);
    this.#tell();
  }

  failed(error: unknown): void {
    this.#failure = error;
    this.#tell();
  }

  resumed(): void {}

  lost(tokens: readonly SettleToken[]): void {
    this.#drop(({ token }) => tokens.includes(token));
  }

  ended(): void {
    this.hasEnded = true;
    this.#tell();
  }

  assigned(): void {}

  async revoked(partitions: readonly number[]): Promise<void> {
    this.unassigned(partitions);
  }

  unassigned(partitions: readonly number[]): void {
    this.#drop(({ position }) => partitions.includes(position?.partition ?? 0));
  }

  #tell(): void {
    const news = this.#news;
    this.#news = undefined;
    news?.resolve();
  }
}
