/** Arguments and signatures of handlers and middleware. */
import type { SendReceipt } from '../driver/message.js';
import type { Duration } from '../duration.js';
import type { Logger } from '../logger.js';
import type { Message, PublishRecord } from './message.js';

/** The attempt that a handler or middleware is called for. */
export interface HandlerContext {
  readonly message: Message;
  readonly topic: string;
  readonly group: string | undefined;
  /** Which attempt of this delivery this is, 1-based. A restart of the process begins at 1 again. */
  readonly attempt: number;
  /** How often the broker has delivered the message, where it counts. */
  readonly deliveryCount: number | undefined;
  /** True where the broker knows that it delivered the message before. */
  readonly redelivered: boolean;
  /** Aborted when the processing timeout passes, when the assignment is lost, and at the end of a close. */
  readonly signal: AbortSignal;
  /** The bus' logger, with topic, group, key, event id, attempt and trace id on each line; a child logger where it has `child`. */
  readonly logger: Logger;
  /** Gives this attempt more time, counted from now where that is later than its present deadline. */
  extendDeadline(by: Duration): void;
}

/** The broker has the message, as far as the topic's guarantee goes. */
export interface PublishReceipt extends SendReceipt {
  readonly topic: string;
}

/** Wraps every publish, first registered outermost. Call `next` once. */
export type PublishMiddleware = (
  record: PublishRecord,
  next: () => Promise<PublishReceipt>,
) => Promise<PublishReceipt>;

/** Wraps every attempt to handle a message, first registered outermost. Call `next` once; throwing is a failure. */
export type ConsumeMiddleware = (context: HandlerContext, next: () => Promise<void>) => Promise<void>;

/** Wraps publishes, attempts, or both. Registered by `bus.use`. */
export interface Middleware {
  publish?: PublishMiddleware;
  consume?: ConsumeMiddleware;
}
