/** The driver: one bus' connection to a PostgreSQL server. */
import {
  type BrowseSpec,
  type CallOptions,
  type Capabilities,
  type Clock,
  ConnectionError,
  type DriverV1 as Driver,
  type DriverHostV1 as DriverHost,
  type DriverSubscriptionV1 as DriverSubscription,
  type DriverTopicAdmin,
  type IncomingMessage,
  type OutgoingRecord,
  type PingReply,
  type SendReceipt,
  type SubscriptionSpec,
  type TimerHandle,
} from '@ebus/core/driver';
import { browse } from './browse.js';
import { address, cannotConnect, classify } from './errors.js';
import { Link } from './link.js';
import type { PostgresSettings } from './postgres-config.js';
import { Sender } from './sender.js';
import { PostgresSubscription } from './subscription.js';
import { topicAdmin } from './topic-admin.js';

const CAPABILITIES: Capabilities = {
  settle: 'individual',
  ordering: 'cluster',
  retriesInClient: false,
  redelivery: true,
  replay: true,
  dedupe: true,
  acknowledged: true,
  lag: true,
  browse: true,
};

/** How often old messages are looked for. */
const SWEEP_MS = 2_000;

export class PostgresDriver implements Driver<{ query: Link['query'] }> {
  readonly specVersion = 1;
  readonly system = 'postgresql';
  readonly defaultPersistence = 'persistent';
  readonly isShared = true;
  readonly native = { query: ((text, values) => this.#connected().query(text, values)) as Link['query'] };
  readonly admin: DriverTopicAdmin = topicAdmin(() => this.#connected());
  readonly classify = classify;
  readonly #settings: PostgresSettings;
  readonly #sender = new Sender(() => this.#connected());
  readonly #subscriptions = new Set<PostgresSubscription>();
  #host: DriverHost | undefined;
  #link: Link | undefined;
  #sweeping: TimerHandle | undefined;
  #closed = false;

  constructor(settings: PostgresSettings) {
    this.#settings = settings;
  }

  capabilities(): Capabilities {
    return CAPABILITIES;
  }

  async connect(host: DriverHost, options: CallOptions): Promise<void> {
    this.#host = host;
    await this.reconnect(options);
    this.#sweepLater(host.clock);
  }

  async reconnect(_options: CallOptions): Promise<void> {
    this.#link?.end();
    try {
      this.#link = await Link.open(this.#settings, {
        notified: (topic) => this.#notify(topic),
        broken: (cause) => this.#host?.onState({ status: 'failed', cause }),
      });
    } catch (error) {
      throw cannotConnect(this.#settings.url, error);
    }
  }

  async ping(): Promise<PingReply> {
    await this.#connected().query('SELECT 1');
    return { brokers: 1 };
  }

  send(record: OutgoingRecord): Promise<SendReceipt> {
    return this.#sender.send(record);
  }

  async subscribe(spec: SubscriptionSpec): Promise<DriverSubscription> {
    const { clock } = this.#host as DriverHost;
    const subscription = await PostgresSubscription.join(
      () => this.#connected(),
      clock,
      this.#settings,
      spec,
    );
    this.#subscriptions.add(subscription);
    return subscription;
  }

  browse(spec: BrowseSpec, options: CallOptions): AsyncIterable<IncomingMessage> {
    return browse(() => this.#connected(), spec, options);
  }

  async close({ signal }: CallOptions): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#closed = true;
    if (this.#sweeping !== undefined) this.#host?.clock.clearTimeout(this.#sweeping);
    await Promise.race([this.#sender.settled(), aborted]);
    this.#link?.end();
  }

  /** Several buses do it side by side: what is gone is gone. */
  #sweepLater(clock: Clock): void {
    this.#sweeping = clock.setTimeout(async () => {
      await this.#link?.query('SELECT $S.sweep()').catch(() => {});
      if (!this.#closed) this.#sweepLater(clock);
    }, SWEEP_MS);
    this.#sweeping.unref();
  }

  #notify(topic: string): void {
    for (const subscription of this.#subscriptions) if (subscription.topic === topic) subscription.notify();
  }

  #connected(): Link {
    if (this.#link !== undefined) return this.#link;
    throw new ConnectionError(`not connected to PostgreSQL at ${address(this.#settings.url)}`);
  }
}
