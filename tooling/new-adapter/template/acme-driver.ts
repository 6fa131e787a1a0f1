/** The driver: one bus' connection to the broker. */
import {
  type AttemptOptions,
  Attempts,
  type CallOptions,
  type Capabilities,
  ConnectionError,
  type Driver,
  type DriverSubscription,
  type PingReply,
  type SendReceipt,
  type SendRecord,
  type SubscriptionSink,
  type SubscriptionSpec,
  within,
} from '@ebus/core/driver';
import type { AcmeSettings } from './acme-config.js';
import { AcmeClient } from './client.js';
import { cannotConnect, classify } from './errors.js';
import { toWire } from './mapping.js';
import { AcmeSubscription } from './subscription.js';

/** What the stand-in for a broker can do. Claim what yours can, and let the conformance suite say whether it holds. */
const CAPABILITIES: Capabilities = {
  settle: 'individual',
  ordering: 'instance',
  retriesInClient: false,
  redelivery: true,
  replay: true,
  dedupe: false,
  acknowledged: true,
  lag: true,
};

export class AcmeDriver implements Driver<AcmeClient> {
  readonly specVersion = 2;
  readonly system = 'acme';
  readonly defaultPersistence = 'persistent';
  readonly isShared = true;
  readonly classify = classify;
  readonly #settings: AcmeSettings;
  readonly #clients = new Attempts<AcmeClient>((client) => client.close());
  readonly #subscriptions = new Set<AcmeSubscription>();
  /** Sends that the broker has not answered. */
  readonly #sending = new Set<Promise<SendReceipt>>();

  constructor(settings: AcmeSettings) {
    this.#settings = settings;
  }

  get native(): AcmeClient {
    return this.#connected();
  }

  capabilities(): Capabilities {
    return CAPABILITIES;
  }

  async connect(_host: unknown, options: AttemptOptions): Promise<void> {
    // A client that can lose its connection reports it: `host.onState({ status, cause, attempt })`.
    await this.reconnect(options);
  }

  async reconnect({ attempt }: AttemptOptions): Promise<void> {
    const { url } = this.#settings;
    const client = await AcmeClient.connect(url).catch((error: unknown) => {
      throw cannotConnect(url, error);
    });
    // One that comes late, after a newer one, is ended.
    if (!this.#clients.arrived(attempt, client)) return;
    for (const subscription of this.#subscriptions) await subscription.rejoin();
  }

  async ping({ signal }: CallOptions): Promise<PingReply> {
    await within(this.#connected().ping(), signal, () => {});
    return {};
  }

  send(record: SendRecord): Promise<SendReceipt> {
    const sending = this.#connected()
      .append(record.topic, toWire(record))
      .then((offset) => ({ position: { offset } }));
    this.#sending.add(sending);
    const answered = () => void this.#sending.delete(sending);
    sending.then(answered, answered);
    return sending;
  }

  async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink): Promise<DriverSubscription> {
    const subscription = new AcmeSubscription(
      spec,
      sink,
      () => this.#connected(),
      (closed) => this.#subscriptions.delete(closed),
    );
    await subscription.join();
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async close({ signal }: CallOptions): Promise<void> {
    await within(Promise.allSettled(this.#sending), signal, () => {});
    this.#clients.close();
  }

  #connected(): AcmeClient {
    const { current } = this.#clients;
    if (current !== undefined) return current;
    throw new ConnectionError(`not connected to Acme at ${this.#settings.url}`);
  }
}
