/** The wire of a pull consumer: requests for messages, and the server's answers. */
import { type Msg, type Subscription, TimeoutError } from '@nats-io/transport-node';
import type { Link } from '../link.js';
import { hasReply, wholeSizeOf } from '../raw-message.js';

const NANOS = 1_000_000;
/** How long the server may take to say that there is no listener. */
const HEARD_MS = 1_000;
/** So much later than a request expires, the server has removed it. */
const REMOVED_MS = 2_000;

/** In place of a request's number: it is no request for messages. */
const PIN = 'pin';
/** How long such a request waits at the server. */
const PIN_MS = 100;

/** One pull request (`$JS.API.CONSUMER.MSG.NEXT`), durations in milliseconds. */
export interface PullRequest {
  readonly batch: number;
  /** 0: no limit. */
  readonly maxBytes: number;
  readonly expiresMs: number;
  readonly heartbeatMs: number;
  /** The priority group, and the pin that the server gave this client. */
  readonly group?: string;
  readonly id?: string | undefined;
}

/**
 * Why a request ended early. `large`: the next message is larger than the bytes that are left. `consumer`: it is not reachable, or gone;
 * `deleted`: it is gone.
 */
export type Ending = 'expired' | 'large' | 'unpinned' | 'consumer' | 'deleted' | 'refused';

/** Messages that are left of a request. */
interface OpenRequest {
  readonly number: string;
  left: number;
}

interface PullEvents {
  onMessage(message: Msg): void;
  onEnd(reason: Ending, text: string): void;
  /** The server lives: a message or status came. */
  onSign(): void;
  /** The inbox itself is denied. */
  onDenied(error: Error): void;
}

/** Sends pull requests on one connection and counts their answers. Statuses follow ADR-13 of NATS. */
export class PullInbox {
  readonly link: Link;
  readonly #subject: string;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #events: PullEvents;
  /** Messages that are left of each request, as if the server filled the oldest first. */
  readonly #open = new Map<string, OpenRequest>();
  /** The first of them, once it has brought something. */
  #filling: OpenRequest | undefined;
  /** Requests that may wait at the server, and until when (monotonic): it does not say which of them it has filled. */
  readonly #waiting = new Map<string, number>();
  #count = 0;
  #live = true;
  /** Monotonic; no request made here outlives it. */
  #liveUntil = 0;
  /** Messages asked for and neither delivered nor given up by the server. */
  outstanding = 0;
  /**
   * Bytes that open requests may still bring, as the server counts them: all of a message. It takes requests in turns, and says
   * at the end of each how many bytes are left of it; before 2.10 only where it ends early.
   */
  promised = 0;

  constructor(link: Link, subject: string, events: PullEvents) {
    this.link = link;
    this.#events = events;
    this.#subject = subject;
    this.#inbox = `${link.inbox()}.`;
    this.#subscription = link.subscribe(`${this.#inbox}*`, (error, message) =>
      this.#received(error, message),
    );
  }

  /**
   * Requests that wait at the server, at most. It fills requests in turns, so that none of them may be full as long as each can
   * have a message left. `now`: monotonic.
   */
  waitingAtMost(now: number): number {
    this.#forget(now);
    return Math.min(this.#waiting.size, this.outstanding);
  }

  /** Requests that were ever made. */
  get requested(): number {
    return this.#count;
  }

  /** `now`: monotonic. */
  request({ batch, maxBytes, expiresMs, heartbeatMs, group, id }: PullRequest, now: number): void {
    // Its requests go with it.
    if (this.link.isClosed) return;
    const number = String(++this.#count);
    this.#forget(now);
    this.#open.set(number, { number, left: batch });
    this.outstanding += batch;
    this.promised += maxBytes;
    this.#liveUntil = now + expiresMs;
    this.#waiting.set(number, now + expiresMs + REMOVED_MS);
    const body = {
      batch,
      max_bytes: maxBytes,
      expires: expiresMs * NANOS,
      idle_heartbeat: heartbeatMs * NANOS,
      ...(group === undefined ? {} : { group }),
      ...(id === undefined ? {} : { id }),
    };
    this.link.connection.publish(this.#subject, JSON.stringify(body), { reply: this.#inbox + number });
  }

  /**
   * Has the server keep this client pinned although it asks for nothing now: a request with the pin that no message fits into.
   * The server restarts the time of a pin at every such request (ADR-42), and answers with 423 where the pin is another's.
   */
  keepPinned(group: string, id: string): void {
    if (this.link.isClosed) return;
    const body = { batch: 1, max_bytes: 1, expires: PIN_MS * NANOS, group, id };
    this.link.connection.publish(this.#subject, JSON.stringify(body), { reply: this.#inbox + PIN });
  }

  /** Asks for nothing more; messages sent by the server are still delivered. */
  async drain(): Promise<void> {
    this.#live = false;
    if (this.#subscription.isClosed() || this.link.isClosed) return;
    await this.#subscription.drain();
  }

  /** For a connection that is gone. */
  discard(): void {
    this.#live = false;
    if (!this.link.isClosed) this.#subscription.unsubscribe();
  }

  /**
   * Whether a server that has not noticed the end of this inbox' connection may still deliver to it. Asked over another
   * connection: the server says at once where there is no listener.
   */
  async mayStillReceive(link: Link, now: number): Promise<boolean> {
    if (this.outstanding === 0 || now > this.#liveUntil) return false;
    try {
      await link.connection.request(`${this.#inbox}0`, undefined, { timeout: HEARD_MS });
      return false;
    } catch (error) {
      return error instanceof TimeoutError;
    }
  }

  #received(error: Error | null, message: Msg): void {
    if (error !== null) return this.#events.onDenied(error);
    this.#events.onSign();
    if (hasReply(message)) {
      this.#fill(wholeSizeOf(message));
      this.#events.onMessage(message);
    } else if (this.#live) this.#status(message);
  }

  /** Requests that the server has filled, and said nothing about. */
  #forget(now: number): void {
    for (const [number, until] of this.#waiting) {
      if (until > now) return;
      this.#waiting.delete(number);
    }
  }

  #fill(bytes: number): void {
    if (this.outstanding > 0) this.outstanding--;
    this.promised = Math.max(0, this.promised - bytes);
    this.#filling ??= this.#open.values().next().value;
    if (this.#filling !== undefined && --this.#filling.left === 0) this.#end(this.#filling.number);
    this.#reconcile();
  }

  #end(number: string): void {
    this.#open.delete(number);
    this.#filling = undefined;
  }

  /** The server takes requests in turns: which of them is full is known only once nothing more is to come. */
  #reconcile(): void {
    if (this.outstanding > 0) return;
    this.#open.clear();
    this.#filling = undefined;
    this.#waiting.clear();
    this.promised = 0;
  }

  #status(message: Msg): void {
    const code = message.headers?.code ?? 0;
    const text = message.headers?.description ?? '';
    if (code === 100) return;
    const number = message.subject.slice(this.#inbox.length);
    if (number === PIN) {
      const ending = endingOf(code, text);
      // That nothing fits into it is what it is for.
      if (ending === 'unpinned' || ending === 'consumer' || ending === 'deleted')
        this.#events.onEnd(ending, `${code} ${text}`);
      return;
    }
    const messages = message.headers?.get('Nats-Pending-Messages') ?? '';
    const bytes = message.headers?.get('Nats-Pending-Bytes') ?? '';
    const left = messages === '' ? (this.#open.get(number)?.left ?? 0) : Number(messages);
    this.#end(number);
    this.#waiting.delete(number);
    this.outstanding = Math.max(0, this.outstanding - left);
    this.promised = Math.max(0, this.promised - Number(bytes));
    this.#reconcile();
    this.#events.onEnd(endingOf(code, text), `${code} ${text}`);
  }
}

/** ADR-13: 400 bad request, 404 none, 408 expired, 409 ended or refused, 423 not the pinned one, 503 no responders. */
export function endingOf(code: number, text: string): Ending {
  if (code === 423) return 'unpinned';
  if (code === 503) return 'consumer';
  if (code === 409 && /deleted/i.test(text)) return 'deleted';
  if (code === 409 && /leadership|server shutdown/i.test(text)) return 'consumer';
  if (code === 409 && /size exceeds/i.test(text)) return 'large';
  const isOver = /batch completed/i.test(text);
  return code === 400 || code === 412 || (code === 409 && !isOver) ? 'refused' : 'expired';
}
