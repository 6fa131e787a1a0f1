/** One attempt to handle a delivery. */
import type { Clock } from '../clock.js';
import type { IncomingMessage } from '../driver/message.js';
import { type Duration, parseDuration } from '../duration.js';
import type { Envelope } from '../envelope/envelope.js';
import { boundLogger, type Logger } from '../logger.js';
import type { HandlerContext } from '../pipeline/context.js';
import { type Message, ReceivedMessage } from '../pipeline/message.js';
import { idsOf, type MessageIds } from '../pipeline/message-ids.js';
import { logFields, type SpanIdentity } from '../telemetry/telemetry.js';
import type { DeadlineEntry, DeadlineQueue } from '../util/deadline-queue.js';
import { shown } from '../util/shown.js';
import { AttemptContext } from './attempt-context.js';
import type { Delivery } from './delivery.js';

/** The common parts of all attempts of one subscription. */
export interface AttemptOwner {
  readonly group: string;
  /** The application's own: what handlers log is theirs, and neither thinned nor masked. */
  readonly logger: Logger;
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue<Attempt>;
}

/** The message, the signal and other costly parts are made when the handler first asks for them. */
export class Attempt implements DeadlineEntry {
  readonly delivery: Delivery;
  readonly attempt: number;
  readonly #incoming: IncomingMessage;
  #message: Message | undefined;
  readonly #owner: AttemptOwner;
  #controller: AbortController | undefined;
  #abortReason: unknown;
  #logger: Logger | undefined;
  #context: HandlerContext | undefined;
  /** Once the message was decoded. */
  envelope: Envelope | undefined = undefined;
  /** The span that it runs in, where there is one. */
  span: SpanIdentity | undefined = undefined;

  /** Its processing timeout has passed: the attempt has failed, even if the handler still succeeds. */
  timedOut = false;
  /** It was reported as overrunning. */
  overrunning = false;
  /** Its outcome is no longer awaited: overlapped, or cut short by a close. */
  abandoned = false;

  deadline = 0;
  prev: DeadlineEntry | undefined = undefined;
  next: DeadlineEntry | undefined = undefined;
  sequence = 0;
  slot = 0;

  constructor(delivery: Delivery, owner: AttemptOwner) {
    this.delivery = delivery;
    this.attempt = delivery.attempts;
    this.#incoming = delivery.subject;
    this.#owner = owner;
  }

  get message(): Message {
    this.#message ??= new ReceivedMessage(this.#incoming);
    return this.#message;
  }

  /** For middleware and the handler: the same one for all of them. */
  get context(): HandlerContext {
    this.#context ??= new AttemptContext(this);
    return this.#context;
  }

  get topic(): string {
    return this.delivery.subject.topic;
  }

  get group(): string {
    return this.#owner.group;
  }

  get deliveryCount(): number | undefined {
    return this.delivery.subject.deliveryCount;
  }

  get redelivered(): boolean {
    return this.delivery.subject.redelivered === true;
  }

  get logger(): Logger {
    if (this.#logger === undefined) {
      const { topic, group, attempt } = this;
      const { key, eventId, traceId } = this.ids;
      this.#logger = boundLogger(this.#owner.logger, {
        ...{ topic, group, attempt },
        ...{ key: shownIfAny(key), eventId: shownIfAny(eventId), traceId: shownIfAny(traceId) },
        ...logFields(this.span),
      });
    }
    return this.#logger;
  }

  get ids(): MessageIds {
    return idsOf(this.delivery.subject, this.envelope);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  /** The error of the timeout, once that has passed. */
  get overdue(): unknown {
    return this.timedOut ? this.#abortReason : undefined;
  }

  get aborted(): boolean {
    return this.#abortReason !== undefined;
  }

  extendDeadline(by: Duration): void {
    const deadline = this.#owner.clock.monotonic() + parseDuration(by);
    if (deadline <= this.deadline || this.timedOut) return;
    // Not queued yet where the handler asks before its first await; the deadline counts once it is.
    this.deadline = deadline;
    this.#owner.deadlines.move(this, deadline);
  }

  /** Aborts the signal; the first reason stays. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }
}

const shownIfAny = (text: string | undefined) => (text === undefined ? undefined : shown(text));
