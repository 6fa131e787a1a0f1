/** The memory driver as tests use it: records what is stored, fails where a test wants it, loses its connection. */
import {
  type BrowseSpec,
  type CallOptions,
  type Capabilities,
  ConnectionError,
  type Driver,
  type DriverHost,
  type DriverSubscription,
  type DriverTopicAdmin,
  type ErrorClass,
  type IncomingMessage,
  type OutgoingRecord,
  type Persistence,
  type PingReply,
  type SendReceipt,
  type SubscriptionSink,
  type SubscriptionSpec,
} from '@ebus/core/driver';
import type { BrokerView } from '../broker.js';
import type { MemoryDriver } from '../memory-driver.js';
import { type PublishFault, publishError } from './faults.js';

/** What a test decides about publishes, and hears of them. */
export interface Wire {
  /** The fault for a record that is sent now. */
  faultOf(topic: string): PublishFault | undefined;
  stored(record: OutgoingRecord): void;
}

/** Hands everything on to the memory driver but what the test wants otherwise. */
export class TestDriver implements Driver<BrokerView> {
  readonly specVersion = 2;
  readonly system = 'memory';
  readonly defaultPersistence = 'persistent';
  readonly isShared = true;
  readonly native: BrokerView;
  readonly admin: DriverTopicAdmin;
  readonly #inner: MemoryDriver;
  readonly #wire: Wire;
  #host: DriverHost | undefined;
  #away = false;

  constructor(inner: MemoryDriver, wire: Wire) {
    this.#inner = inner;
    this.#wire = wire;
    this.native = inner.native;
    this.admin = inner.admin;
  }

  /** Loses the connection, or has it back. */
  setAway(away: boolean): void {
    if (this.#away === away) return;
    this.#away = away;
    if (away) this.#host?.onState({ status: 'reconnecting', cause: lost() });
    else this.#host?.onState({ status: 'connected' });
  }

  capabilities(persistence: Persistence): Capabilities {
    return this.#inner.capabilities(persistence);
  }

  validateTopic(topic: string, use: 'publish' | 'subscribe'): void {
    this.#inner.validateTopic(topic, use);
  }

  connect(host: DriverHost): Promise<void> {
    this.#host = host;
    return this.#inner.connect(host);
  }

  async ping(): Promise<PingReply> {
    if (this.#away) throw lost();
    return this.#inner.ping();
  }

  send(record: OutgoingRecord): SendReceipt | Promise<SendReceipt> {
    if (this.#away) throw lost();
    const fault = this.#wire.faultOf(record.topic);
    if (fault !== undefined && fault.stored !== true) throw publishError(record.topic, fault);
    const sent = this.#inner.send(record);
    if (!(sent instanceof Promise)) return this.#stored(record, sent, fault);
    return sent.then((receipt) => this.#stored(record, receipt, fault));
  }

  subscribe(spec: SubscriptionSpec, sink: SubscriptionSink): Promise<DriverSubscription> {
    return this.#inner.subscribe(spec, sink);
  }

  browse(spec: BrowseSpec, options: CallOptions): AsyncIterable<IncomingMessage> {
    return this.#inner.browse(spec, options);
  }

  classify(error: unknown): ErrorClass {
    return this.#inner.classify(error);
  }

  close(options: CallOptions): Promise<void> {
    return this.#inner.close(options);
  }

  #stored(record: OutgoingRecord, receipt: SendReceipt, fault: PublishFault | undefined): SendReceipt {
    this.#wire.stored(record);
    if (fault !== undefined) throw publishError(record.topic, fault);
    return receipt;
  }
}

const lost = () => new ConnectionError('the test has taken the connection away', { retryable: true });
