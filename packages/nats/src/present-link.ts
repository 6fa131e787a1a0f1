/** The link of the moment, one attempt after another, and who has to know when it is another one. */
import {
  type AttemptOptions,
  Attempts,
  type CallOptions,
  ConnectionError,
  type DriverHost,
  type DriverSubscription,
} from '@ebus/core/driver';
import type { ResolvedNatsConfig } from './config-schema.js';
import { Link } from './link.js';
import type { Refused } from './refusals.js';

/** How long a server may take to confirm the end of a connection that is replaced. */
const RETIRE_MS = 1_000;

/** A member that goes on with the next connection. */
export interface Rejoinable {
  online(link: Link): void;
  offline(cause: unknown): void;
  /** The server refused an operation: the member that it concerns acts on it. */
  refused(refused: Refused, error: Error): void;
}

/** A subscription that survives its connection. */
export interface RejoinableSubscription extends DriverSubscription, Rejoinable {
  /** The last failure, if any. */
  readonly failure: unknown;
}

/** Holds at most one link, and tells its members about each change. A late attempt never replaces a newer link. */
export class PresentLink {
  readonly #config: ResolvedNatsConfig;
  readonly #serviceName: string;
  readonly #links = new Attempts<Link>((late) => void late.close());
  readonly #members = new Set<Rejoinable>();
  #hadOne = false;
  #closed = false;

  constructor(config: ResolvedNatsConfig, serviceName: string) {
    this.#config = config;
    this.#serviceName = serviceName;
  }

  get current(): Link | undefined {
    return this.#closed ? undefined : this.#links.current;
  }

  /** @throws ConnectionError where there is none */
  get required(): Link {
    const { current } = this;
    if (current !== undefined) return current;
    const state = this.#closed ? 'closed' : 'not connected';
    throw new ConnectionError(`the connection to NATS at ${this.#config.urls.join(', ')} is ${state}`, {
      retryable: !this.#closed,
    });
  }

  add(member: Rejoinable): void {
    this.#members.add(member);
  }

  remove(member: Rejoinable): void {
    this.#members.delete(member);
  }

  /** One attempt. False where it came too late. */
  async dial(host: DriverHost, options: AttemptOptions): Promise<boolean> {
    const { attempt } = options;
    const link = await Link.dial(
      {
        config: this.#config,
        serviceName: this.#serviceName,
        logger: host.logger,
        clock: host.clock,
        hadOne: this.#hadOne,
        onRefused: (refused, error, of) => {
          if (of === this.current) for (const member of this.#members) member.refused(refused, error);
        },
        onState: (change, of) => {
          if (of !== this.current) return;
          if (change.status === 'connected') this.#online(of);
          else this.offline(change.cause);
          host.onState({ ...change, attempt });
        },
      },
      options,
    );
    // Before anything goes over the new one: messages that the old one was sent still arrive, and it is sent no more.
    if (!this.#closed) await this.#links.current?.retire({ signal: host.clock.timeout(RETIRE_MS) });
    if (!this.#links.arrived(attempt, link)) return false;
    this.#hadOne = true;
    this.#online(link);
    // Subscriptions are in place once it is said to be there.
    await link.flush(options, 'the server did not confirm the subscriptions').catch(() => {});
    return true;
  }

  offline(cause: unknown): void {
    for (const member of this.#members) member.offline(cause);
  }

  /** Nothing more is heard of it. */
  shut(): void {
    this.#closed = true;
  }

  async close(options: CallOptions): Promise<void> {
    this.#closed = true;
    await this.#links.current?.close(options);
    this.#links.close();
  }

  #online(link: Link): void {
    for (const member of this.#members) member.online(link);
  }
}
