/** One connection to NATS: made, watched, and asked who was refused. A new client is a new link. */
import {
  type CallOptions,
  type Clock,
  type ConnectionChange,
  ConnectionError,
  type Logger,
  within,
} from '@ebus/core/driver';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  createInbox,
  type Msg,
  type NatsConnection,
  type Status,
  type Subscription,
} from '@nats-io/transport-node';
import { connectionOptions, jetstreamOptions } from './client-config.js';
import type { ResolvedNatsConfig } from './config-schema.js';
import { dial, hangUp } from './dial.js';
import { cannotConnect } from './errors.js';
import { type Refused, refusedBy } from './refusals.js';

/** Options of one connection attempt and of the link that it gives. */
export interface LinkOptions {
  readonly config: ResolvedNatsConfig;
  readonly serviceName: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** There was a connection before: a refused login may pass. */
  readonly hadOne: boolean;
  /** The server refused an operation of `link`. */
  onRefused(refused: Refused, error: Error, link: Link): void;
  /** The client lost its server, or has one again; `failed` is the end of this link. */
  onState(change: ConnectionChange, link: Link): void;
}

/** Told an error once the subscription is refused. */
export type OnMessage = (error: Error | null, message: Msg) => void;

/** A client connection with JetStream's client and manager. Never reused after it closed. */
export class Link {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly #options: LinkOptions;
  /** Subscriptions of which the server has not shown that it has them. */
  readonly #unconfirmed = new Set<Confirmable>();
  readonly #all = new Set<Confirmable>();
  #closing = false;

  private constructor(options: LinkOptions, connection: NatsConnection, manager: JetStreamManager) {
    this.#options = options;
    this.connection = connection;
    this.manager = manager;
    this.client = jetstream(connection, jetstreamOptions(options.config));
    void this.#watch();
  }

  /** One attempt. @throws ConnectionError, ConfigError */
  static async dial(options: LinkOptions, { signal }: CallOptions): Promise<Link> {
    const { config, serviceName, logger, hadOne } = options;
    try {
      const connection = await dial(connectionOptions(config, serviceName, logger), signal);
      return new Link(options, connection, await jetstreamManager(connection, jetstreamOptions(config)));
    } catch (error) {
      throw cannotConnect(config.urls, error, hadOne);
    }
  }

  get isClosed(): boolean {
    return this.connection.isClosed();
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get inboxPrefix(): string {
    return this.#options.config.inboxPrefix;
  }

  /** A subject of one's own, for answers. */
  inbox(): string {
    return createInbox(this.inboxPrefix);
  }

  /** `onMessage` is told the refusal where the server does not take the subscription, now or after a reconnect. */
  subscribe(subject: string, onMessage: OnMessage, queue?: string): Subscription {
    const callback = (error: Error | null, message: Msg) => {
      try {
        onMessage(error, message);
      } catch (err) {
        // Thrown into the client it would end its reading for good.
        this.#options.logger.error({ err, subject }, 'a message could not be taken in');
      }
    };
    const subscription = this.connection.subscribe(subject, {
      callback,
      ...(queue === undefined ? {} : { queue }),
    });
    const one = { subscription, onMessage };
    this.#all.add(one);
    void subscription.closed.then(() => this.#all.delete(one));
    this.#confirm([one]);
    return subscription;
  }

  /** Resolves once the server has worked off all earlier messages. @throws ConnectionError at the signal */
  flush({ signal }: CallOptions, otherwise: string): Promise<void> {
    return inTime(this.connection.flush(), signal, otherwise);
  }

  async close(options?: CallOptions): Promise<void> {
    this.#closing = true;
    if (this.connection.isClosed()) return;
    if (options !== undefined)
      await this.flush(options, 'the server did not confirm the end').catch(() => {});
    await hangUp(this.connection);
  }

  /**
   * Closes it once the server has taken all sent messages, and delivers here no more: until it notices a closed
   * socket, it gives messages of queue groups to one that has gone. Never rejects; at the signal it is closed as it
   * is.
   */
  async retire({ signal }: CallOptions): Promise<void> {
    this.#closing = true;
    if (this.connection.isClosed()) return;
    await inTime(this.connection.drain(), signal, 'the server did not confirm the end').catch(() => {});
    await hangUp(this.connection).catch(() => {});
  }

  #confirm(asked: Iterable<Confirmable>): void {
    const news = [...asked];
    for (const one of news) this.#unconfirmed.add(one);
    const done = () => {
      for (const one of news) this.#unconfirmed.delete(one);
    };
    this.connection.flush().then(done, done);
  }

  /** Follows the client's status, until it is closed. */
  async #watch(): Promise<void> {
    let lastError: unknown;
    for await (const status of this.connection.status()) {
      if (this.#closing) return;
      if (status.type === 'error') lastError = status.error;
      this.#noted(status, lastError);
    }
    const cause = (await this.connection.closed()) ?? lastError;
    if (this.#closing) return;
    this.#options.onState(
      { status: 'failed', cause: cannotConnect(this.#options.config.urls, cause, true) },
      this,
    );
  }

  #noted(status: Status, lastError: unknown): void {
    const { logger, onState } = this.#options;
    switch (status.type) {
      case 'disconnect':
        onState({ status: 'reconnecting', ...(lastError === undefined ? {} : { cause: lastError }) }, this);
        break;
      case 'reconnect':
        this.#confirm(this.#all);
        onState({ status: 'connected' }, this);
        break;
      case 'error':
        this.#refused(status.error);
        break;
      case 'slowConsumer':
      case 'staleConnection':
        logger.warn({ status: status.type }, 'the NATS connection is in trouble');
        break;
      default:
    }
  }

  #refused(error: Error): void {
    const { logger, onRefused } = this.#options;
    const refused = refusedBy(error);
    // Who asked the API gets this as the answer.
    if (refused.what !== 'api') logger.warn({ err: error }, 'the NATS server reported an error');
    if (refused.what === 'newest') {
      for (const { subscription, onMessage } of [...this.#unconfirmed]) {
        subscription.unsubscribe();
        onMessage(error, {} as Msg);
      }
    }
    onRefused(refused, error, this);
  }
}

interface Confirmable {
  readonly subscription: Subscription;
  readonly onMessage: OnMessage;
}

/** The client's calls know no signals. @throws ConnectionError at the signal */
export function inTime<T>(work: Promise<T>, signal: AbortSignal, otherwise: string): Promise<T> {
  return within(work, signal, () => {
    throw new ConnectionError(otherwise);
  });
}
