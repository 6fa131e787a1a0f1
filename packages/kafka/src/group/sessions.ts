/** The present consumer of a group: one attempt at a time opens it, and one that comes after a newer one was begun is retired. */
import { ConnectionError, EbusError } from '@ebus/core/driver';
import type { NativeConsumer } from '../native-client.js';
import { keyOf } from '../questions.js';
import { retrying } from './retrying.js';
import { Session, type SessionOptions } from './session.js';

interface SessionsOptions extends Omit<SessionOptions, 'onBroken'> {
  /** Leaves the group in the background; its events are ignored. The signal aborts when the group is left for good. */
  retire(session: Session, signal: AbortSignal): void;
  /** Another consumer has taken the place of one that could not do its work any more. */
  replaced(): void;
  warn(error: unknown, what: string): void;
}

/** Holds at most one connected consumer of the group. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #over = new AbortController();
  #current: Session | undefined;
  #opening: Promise<Session> | undefined;
  #attempt = 0;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get current(): Session | undefined {
    return this.#current;
  }

  /** Aborts when the group is left for good. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** @throws ConnectionError while there is none */
  get connected(): NativeConsumer {
    if (this.#current !== undefined) return this.#current.consumer;
    throw new ConnectionError(`group '${this.#options.group}' is not connected to Kafka`);
  }

  /** One attempt, shared by concurrent callers. */
  open(): Promise<Session> {
    if (this.#current !== undefined) return Promise.resolve(this.#current);
    this.#opening ??= this.#connect(++this.#attempt);
    return this.#opening;
  }

  /** Nothing is heard of the present consumer any more; its positions are kept for the next one. */
  drop(): void {
    const { shares, kept, retire } = this.#options;
    const old = this.#take();
    for (const partition of shares.partitions()) kept.set(keyOf(partition), partition);
    for (const share of [...shares.active.values(), ...shares.leaving.values()]) share.lose();
    if (old === undefined) return;
    old.end();
    retire(old, this.over);
  }

  /** No consumer is opened any more. The present one is the caller's to end, once `release` was called. */
  end(): void {
    this.#over.abort();
    this.#attempt++;
  }

  release(): void {
    this.#take();
  }

  #take(): Session | undefined {
    const old = this.#current;
    this.#attempt++;
    this.#opening = undefined;
    this.#current = undefined;
    return old;
  }

  async #connect(attempt: number): Promise<Session> {
    try {
      const session: Session = new Session({
        ...this.#options,
        onBroken: (cause) => this.#replace(session, cause),
      });
      await session.open();
      if (attempt !== this.#attempt || this.over.aborted) {
        session.end();
        this.#options.retire(session, this.over);
        throw new EbusError('the consumer came too late', { code: 'ABORTED', retryable: true });
      }
      this.#current = session;
      return session;
    } finally {
      if (attempt === this.#attempt) this.#opening = undefined;
    }
  }

  #replace(session: Session, cause: unknown): void {
    if (this.#current !== session) return;
    const { clock, replaced, warn } = this.#options;
    warn(cause, 'replaced');
    this.drop();
    retrying(clock, this.over, () => this.open()).then(replaced, (error) => warn(error, 'connect'));
  }
}
