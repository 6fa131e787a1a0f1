/** The public face of an attempt for handlers and middleware: the documented members only. */
import type { Duration } from '../duration.js';
import type { Logger } from '../logger.js';
import type { HandlerContext } from '../pipeline/context.js';
import type { Message } from '../pipeline/message.js';

/** Signal and logger are made when they are first asked for. */
export class AttemptContext implements HandlerContext {
  readonly message: Message;
  readonly topic: string;
  readonly group: string | undefined;
  readonly attempt: number;
  readonly #attempt: HandlerContext;

  constructor(attempt: HandlerContext) {
    this.message = attempt.message;
    this.topic = attempt.topic;
    this.group = attempt.group;
    this.attempt = attempt.attempt;
    this.#attempt = attempt;
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
