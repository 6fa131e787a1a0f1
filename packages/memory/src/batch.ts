/** The next delivery to a member, while it is being filled. */
import type { LogMessage } from './log-message.js';
import { byOffset } from './offset-queue.js';

/** Collects messages within a member's room, in messages and bytes. */
export class Batch {
  readonly messages: LogMessage[] = [];
  readonly #limit: number;
  #bytes: number;

  /** At least one message is accepted, however small the demand. */
  constructor(limit: number, bytes: number) {
    this.#limit = limit;
    this.#bytes = bytes;
  }

  /** Adds the message if there is room. What is refused ends the batch, so that nothing overtakes it. */
  add(message: LogMessage): boolean {
    const { messages } = this;
    if (messages.length > 0 && (messages.length >= this.#limit || message.size > this.#bytes)) return false;
    messages.push(message);
    this.#bytes -= message.size;
    return true;
  }

  /** Puts the messages into log order. */
  sort(): void {
    this.messages.sort(byOffset);
  }
}
