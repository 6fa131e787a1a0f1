/** The public face of an attempt for handlers and middleware: the documented members only. */
import type { Duration } from '../duration.js';
import type { Logger } from '../logger.js';
import type { HandlerContext } from '../pipeline/context.js';
import type { Message } from '../pipeline/message.js';

/** One field, since each message has one of these. Message, signal and logger are made when they are first asked for. */
export class AttemptContext implements HandlerContext {
  readonly #attempt: HandlerContext;

  constructor(attempt: HandlerContext) {
    this.#attempt = attempt;
  }

  get message(): Message {
    return this.#attempt.message;
  }

  get topic(): string {
    return this.#attempt.topic;
  }

  get group(): string | undefined {
    return this.#attempt.group;
  }

  get attempt(): number {
    return this.#attempt.attempt;
  }

  get deliveryCount(): number | undefined {
    return this.#attempt.deliveryCount;
  }

  get redelivered(): boolean {
    return this.#attempt.redelivered;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  get logger(): Logger {
    return this.#attempt.logger;
  }

  /** A getter, so that handlers may take it out of the context. */
  get extendDeadline(): (by: Duration) => void {
    return (by) => this.#attempt.extendDeadline(by);
  }
}
