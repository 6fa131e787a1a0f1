/** The wire of a pull consumer: requests for messages, and what the server answers them with. */
import {
  createInbox,
  type Msg,
  type NatsConnection,
  type Subscription,
  TimeoutError,
} from '@nats-io/transport-node';

const NANOS = 1_000_000;
/** How long the server may take to say that nobody listens. */
const HEARD_MS = 1_000;

export interface PullRequest {
  readonly batch: number;
  readonly maxBytes: number;
  readonly expiresMs: number;
  readonly heartbeatMs: number;
  /** The priority group, and the pin that the server gave this client. */
  readonly group?: string;
  readonly id?: string;
}

export interface PullEvents {
  onMessage(message: Msg): void;
  /** A request ended early. `consumer`: its consumer is gone or not reachable. */
  onEnd(reason: 'expired' | 'unpinned' | 'consumer' | 'refused', text: string): void;
  /** The server lives: something came. */
  onSign(): void;
  /** The inbox itself is denied. */
  onError(error: Error): void;
}

export class PullInbox {
  readonly connection: NatsConnection;
  readonly #subject: string;
  readonly #subscription: Subscription;
  readonly #events: PullEvents;
  readonly #requests = new Map<string, number>();
  #count = 0;
  #live = true;
  #liveUntil = 0;
  /** Messages asked for and neither delivered nor given up by the server. */
  outstanding = 0;

  constructor(
    connection: NatsConnection,
    apiPrefix: string,
    stream: string,
    consumer: string,
    events: PullEvents,
  ) {
    this.connection = connection;
    this.#events = events;
    this.#subject = `${apiPrefix}.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#inbox = `${createInbox()}.`;
    this.#subscription = connection.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => this.#received(error, message),
    });
  }

  readonly #inbox: string;

  request({ batch, maxBytes, expiresMs, heartbeatMs, group, id }: PullRequest): void {
    const number = String(++this.#count);
    this.#requests.set(number, batch);
    // Requests that were filled end without a word: only the last few can still be open.
    if (this.#requests.size > 64) this.#requests.delete(this.#requests.keys().next().value ?? '');
    this.outstanding += batch;
    this.#liveUntil = performance.now() + expiresMs;
    const body = {
      batch,
      max_bytes: maxBytes,
      expires: expiresMs * NANOS,
      idle_heartbeat: heartbeatMs * NANOS,
      ...(group === undefined ? {} : { group }),
      ...(id === undefined ? {} : { id }),
    };
    this.connection.publish(this.#subject, JSON.stringify(body), { reply: this.#inbox + number });
  }

  /** Asks for nothing more; what the server had sent by now is still delivered. */
  async drain(): Promise<void> {
    this.#live = false;
    if (this.#subscription.isClosed() || this.connection.isClosed()) return;
    await this.#subscription.drain();
  }

  /** For a connection that is gone. */
  discard(): void {
    this.#live = false;
    if (!this.connection.isClosed()) this.#subscription.unsubscribe();
  }

  /**
   * Whether a server that has not noticed the end of this inbox' connection may still deliver to it. Asked over another
   * connection: the server says at once where nobody listens.
   */
  async haunts(connection: NatsConnection): Promise<boolean> {
    if (this.outstanding === 0 || performance.now() > this.#liveUntil) return false;
    try {
      await connection.request(`${this.#inbox}0`, undefined, { timeout: HEARD_MS });
      return false;
    } catch (error) {
      return error instanceof TimeoutError;
    }
  }

  #received(error: Error | null, message: Msg): void {
    if (error !== null) return this.#events.onError(error);
    try {
      this.#events.onSign();
      if (message.reply !== undefined && message.reply !== '') {
        if (this.outstanding > 0) this.outstanding--;
        this.#events.onMessage(message);
      } else if (this.#live) this.#status(message);
    } catch (failure) {
      // Thrown into the client it would end its reading for good.
      this.#events.onError(failure as Error);
    }
  }

  /** ADR-13: 100 heartbeat, 400 bad request, 404 none, 408 expired, 409 ended, 423 not the pinned one, 503 nobody. */
  #status(message: Msg): void {
    const code = message.headers?.code ?? 0;
    const text = message.headers?.description ?? '';
    if (code === 100) return;
    const left = message.headers?.get('Nats-Pending-Messages') ?? '';
    const number = message.subject.slice(this.#inbox.length);
    const asked = this.#requests.get(number) ?? 0;
    this.#requests.delete(number);
    this.outstanding = Math.max(0, this.outstanding - (left === '' ? asked : Number(left)));
    this.#events.onEnd(ending(code, text), `${code} ${text}`);
  }
}

function ending(code: number, text: string): 'expired' | 'unpinned' | 'consumer' | 'refused' {
  if (code === 423) return 'unpinned';
  if (code === 503) return 'consumer';
  if (code === 409 && /deleted|leadership|server shutdown/i.test(text)) return 'consumer';
  if (code === 400 || (code === 409 && /exceeded|push/i.test(text) && !/maxbytes|max bytes/i.test(text)))
    return 'refused';
  return 'expired';
}
