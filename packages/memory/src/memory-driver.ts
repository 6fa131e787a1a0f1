/** The driver: one bus's connection to a broker of this process. */
import {
  abortError,
  type BrowseSpec,
  type CallOptions,
  type Capabilities,
  ConnectionError,
  type Driver,
  type DriverHost,
  type DriverSubscription,
  type DriverTopicAdmin,
  EbusError,
  type ErrorClass,
  type IncomingMessage,
  type OutgoingRecord,
  type Persistence,
  type PingReply,
  PublishError,
  type SendReceipt,
  type SubscriptionSink,
  type SubscriptionSpec,
  TopicNameError,
  within,
} from '@ebus/core/driver';
import type { BrokerView, MemoryBroker } from './broker.js';
import { MemorySubscription } from './subscription.js';
import { topicAdmin } from './topic-admin.js';

const PERSISTENT: Capabilities = {
  settle: 'individual',
  ordering: 'cluster',
  retriesInClient: false,
  redelivery: true,
  replay: true,
  dedupe: false,
  acknowledged: true,
  lag: true,
  browse: true,
  inspect: true,
  parking: true,
};

/** Only groups that are there get the messages, but those get them with all guarantees. */
const EPHEMERAL: Capabilities = {
  ...PERSISTENT,
  replay: false,
  acknowledged: false,
  browse: false,
  parking: false,
};

/**
 * The memory transport as a driver. Messages live in this process and end with it. A send resolves once its message is
 * in the log; it waits while a group has no room.
 */
export class MemoryDriver implements Driver<BrokerView> {
  readonly specVersion = 2;
  readonly system = 'memory';
  readonly defaultPersistence = 'persistent';
  /** A named broker is for several buses, and so for several services. */
  readonly isShared: boolean;
  readonly native: BrokerView;
  readonly admin: DriverTopicAdmin;
  readonly #broker: MemoryBroker;
  readonly #subscriptions = new Set<MemorySubscription>();
  #host: DriverHost | undefined;
  #closed = false;

  constructor(broker: MemoryBroker) {
    this.native = broker;
    this.#broker = broker;
    this.isShared = broker.name !== undefined;
    this.admin = topicAdmin(broker, () => this.#connected());
  }

  capabilities(persistence: Persistence): Capabilities {
    return persistence === 'persistent' ? PERSISTENT : EPHEMERAL;
  }

  /** Names are names here. But whoever subscribes to `orders.*` expects more than a topic of that name. */
  validateTopic(topic: string, use: 'publish' | 'subscribe'): void {
    if (use === 'subscribe' && /[*>]/.test(topic)) {
      throw new TopicNameError(
        topic,
        "wildcards ('*', '>') are not supported; subscribe to each topic by name",
      );
    }
  }

  connect(host: DriverHost): Promise<void> {
    this.#host = host;
    return Promise.resolve();
  }

  async ping(): Promise<PingReply> {
    this.#connected();
    return { brokers: 1 };
  }

  send(record: OutgoingRecord): SendReceipt | Promise<SendReceipt> {
    const host = this.#connected();
    return this.#broker.log(record.topic, record.persistence, host).send(record, host);
  }

  async subscribe(spec: SubscriptionSpec, sink: SubscriptionSink): Promise<DriverSubscription> {
    const log = this.#broker.log(spec.topic, spec.persistence, this.#connected());
    const onClosed = (closed: MemorySubscription) => this.#subscriptions.delete(closed);
    const subscription = new MemorySubscription(log, spec, sink, onClosed);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async *browse({ topic, from }: BrowseSpec, { signal }: CallOptions): AsyncGenerator<IncomingMessage> {
    this.#connected();
    const check = () => {
      if (signal.aborted) throw abortError(signal, `looking at '${topic}'`);
    };
    check();
    for (const message of this.#broker.find(topic)?.look(from) ?? []) {
      yield message;
      check();
    }
  }

  /** Everything thrown here is an `EbusError` already. */
  classify(error: unknown): ErrorClass {
    if (EbusError.isInstance(error)) return { code: error.code, retryable: error.retryable };
    return { code: 'PUBLISH_FAILED', retryable: false };
  }

  /** Leaves all groups; sends that wait for room are written when others make it before the signal aborts. */
  async close(options: CallOptions): Promise<void> {
    const host = this.#host;
    this.#closed = true;
    for (const subscription of this.#subscriptions) await subscription.close();
    if (host === undefined) return;
    const queues = Array.from(this.#broker.logs(), (log) => log.queue);
    const settled = Promise.all(queues.map((queue) => queue.settled(host)));
    await within(settled, options.signal, () => {});
    for (const queue of queues) queue.reject(host, notSent);
    if (this.#broker.name === undefined) this.#reportForgotten(host);
  }

  /** A private broker ends with its bus, and what no group has settled ends with it. */
  #reportForgotten(host: DriverHost): void {
    for (const { name, groups } of this.#broker.topics()) {
      for (const { name: group, unsettled } of groups) {
        if (unsettled === 0) continue;
        const note =
          'closing the bus forgets messages that no handler has settled; name a broker to keep them';
        host.logger.warn({ topic: name, group, unsettled }, note);
      }
    }
  }

  #connected(): DriverHost {
    if (this.#host === undefined || this.#closed) {
      const state = this.#closed ? 'closed' : 'not connected';
      throw new ConnectionError(`the memory transport is ${state}`, { retryable: false });
    }
    return this.#host;
  }
}

function notSent(topic: string): EbusError {
  const text = `the message to '${topic}' over memory was not sent: the bus closed while it waited for room`;
  return new PublishError(text, { code: 'BUS_CLOSED' });
}
