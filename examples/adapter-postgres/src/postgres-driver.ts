/** The driver: one bus' connection to a PostgreSQL server. */
import {
  type AttemptOptions,
  Attempts,
  type BrowseSpec,
  type CallOptions,
  type Capabilities,
  type Clock,
  ConnectionError,
  type Driver,
  type DriverHost,
  type DriverSubscription,
  type IncomingMessage,
  type PingReply,
  type SendRecord,
  type SubscriptionSink,
  type SubscriptionSpec,
  type TimerHandle,
  within,
} from '@ebus/core/driver';
import { browse } from './browse.js';
import { address, cannotConnect, classify } from './errors.js';
import { join } from './group.js';
import { Link } from './link.js';
import type { PostgresSettings } from './postgres-config.js';
import { Sender } from './sender.js';
import { PostgresSubscription } from './subscription.js';
import { TopicAdmin } from './topic-admin.js';

const CAPABILITIES: Capabilities = {
  settle: 'individual',
  // `claim` gives no member a message whose key another one holds.
  ordering: 'cluster',
  retriesInClient: false,
  redelivery: true,
  replay: true,
  // By a unique index on the message id.
  dedupe: true,
  acknowledged: true,
  lag: true,
  browse: true,
};

/** How often old messages are looked for. */
const SWEEP_MS = 2_000;

/** What applications get as `postgres.native(bus)`. */
export interface PostgresNative {
  /** Runs one statement; `$S` in it stands for the schema. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export class PostgresDriver implements Driver<PostgresNative> {
  readonly specVersion = 2;
  readonly system = 'postgresql';
  readonly defaultPersistence = 'persistent';
  readonly isShared = true;
  readonly classify = classify;
  readonly native: PostgresNative = { query: (text, values) => this.#connected().query(text, values) };
  readonly admin = new TopicAdmin(() => this.#connected());
  readonly #settings: PostgresSettings;
  readonly #links = new Attempts<Link>((link) => link.end());
  readonly #sender = new Sender(() => this.#connected());
  readonly #subscriptions = new Set<PostgresSubscription>();
  #host: DriverHost | undefined;
  #sweeping: TimerHandle | undefined;

  constructor(settings: PostgresSettings) {
    this.#settings = settings;
  }

  capabilities(): Capabilities {
    return CAPABILITIES;
  }

  async connect(host: DriverHost, options: AttemptOptions): Promise<void> {
    this.#host = host;
    await this.reconnect(options);
    this.#sweepLater(host.clock);
  }

  async reconnect({ attempt }: AttemptOptions): Promise<void> {
    // Its requests reject, as retryable.
    this.#links.current?.end();
    const link = await Link.open(this.#settings, {
      notified: (topic) => this.#notify(topic),
      broken: (cause) => this.#host?.onState({ status: 'failed', cause, attempt }),
    }).catch((error: unknown) => {
      throw cannotConnect(this.#settings.url, error);
    });
    if (!this.#links.arrived(attempt, link)) return;
    for (const subscription of this.#subscriptions) subscription.reconnected();
  }

  async ping({ signal }: CallOptions): Promise<PingReply> {
    await this.#connected().query('SELECT 1', [], signal);
    return { brokers: 1 };
  }

  send(record: SendRecord): void {
    this.#sender.send([record]);
  }

  sendBatch(records: readonly SendRecord[]): void {
    this.#sender.send(records);
  }

  async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink): Promise<DriverSubscription> {
    const { clock } = this.#host as DriverHost;
    const subscription = new PostgresSubscription(spec, sink, {
      link: () => this.#connected(),
      clock,
      settings: this.#settings,
      onClosed: () => this.#subscriptions.delete(subscription),
    });
    await join(this.#connected(), spec, spec.from);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  browse(spec: BrowseSpec, options: CallOptions): AsyncIterable<IncomingMessage> {
    return browse(() => this.#connected(), spec, options);
  }

  async close({ signal }: CallOptions): Promise<void> {
    if (this.#sweeping !== undefined) this.#host?.clock.clearTimeout(this.#sweeping);
    this.#sweeping = undefined;
    await within(this.#sender.idle(), signal, () => {});
    this.#links.close();
  }

  #notify(topic: string): void {
    for (const subscription of this.#subscriptions) if (subscription.topic === topic) subscription.wake();
  }

  /** Several buses do it side by side: what is gone is gone. */
  #sweepLater(clock: Clock): void {
    const timer = clock.setTimeout(async () => {
      await this.#links.current?.query('SELECT $S.sweep()').catch(() => {});
      if (this.#sweeping === timer) this.#sweepLater(clock);
    }, SWEEP_MS);
    timer.unref();
    this.#sweeping = timer;
  }

  #connected(): Link {
    const { current } = this.#links;
    if (current !== undefined) return current;
    throw new ConnectionError(`not connected to PostgreSQL at ${address(this.#settings.url)}`);
  }
}
