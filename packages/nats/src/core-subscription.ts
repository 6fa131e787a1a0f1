/** One topic of a group over Core NATS: a queue subscription. What nobody takes is gone; at most once. */
import {
  type CallOptions,
  type Demand,
  Deque,
  type DriverSubscriptionV1 as DriverSubscription,
  EbusError,
  type HeaderList,
  type IncomingMessage,
  type Logger,
  type SubscriptionSpec,
} from '@ebus/core/driver';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { headersOf } from './delivery.js';

/** Read ahead of a slow subscription; the server does not wait, so what comes beyond it is lost, and counted. */
const MAX_BUFFERED = 100_000;
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

type Batch = readonly IncomingMessage[] | undefined;

class CoreMessage implements IncomingMessage {
  readonly topic: string;
  readonly value: Uint8Array;
  readonly key: string | Uint8Array | undefined;
  readonly headers: HeaderList;
  readonly messageId: string | undefined;

  constructor(message: Msg, topic: string) {
    const { headers, key, messageId } = headersOf(message);
    this.topic = topic;
    this.value = message.data;
    this.key = key;
    this.headers = headers;
    this.messageId = messageId;
  }

  /** Nothing to settle. */
  get token(): undefined {
    return undefined;
  }

  get redelivered(): boolean {
    return false;
  }
}

export class CoreSubscription implements DriverSubscription {
  readonly #spec: SubscriptionSpec;
  readonly #logger: Logger;
  readonly #onClosed: (subscription: CoreSubscription) => void;
  readonly #buffer = new Deque<CoreMessage>();
  #bytes = 0;
  #lost = 0;
  #connection: NatsConnection | undefined;
  #subscription: Subscription | undefined;
  #waiter: { demand: Demand; resolve(batch: Batch): void; reject(error: unknown): void } | undefined;
  #failure: unknown;
  #wakeScheduled = false;
  /** Nothing more comes; what is here is still handed over. */
  #ending = false;
  #stopped = false;

  constructor(spec: SubscriptionSpec, logger: Logger, onClosed: (subscription: CoreSubscription) => void) {
    this.#spec = spec;
    this.#logger = logger;
    this.#onClosed = onClosed;
  }

  get topic(): string {
    return this.#spec.topic;
  }

  check(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** The client keeps its subscriptions over reconnects of its own; a new client gets a new one. */
  online(connection: NatsConnection): void {
    if (this.#stopped || this.#ending || this.#connection === connection) return;
    this.#connection = connection;
    this.#subscription = connection.subscribe(this.#spec.topic, {
      queue: this.#spec.group,
      callback: (error, message) => this.#received(error, message),
    });
  }

  offline(): void {}

  receive(demand: Demand): Batch | Promise<Batch> {
    if (this.#stopped) return undefined;
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      return Promise.reject(failure);
    }
    if (this.#buffer.length > 0) return this.#take(demand);
    if (this.#ending) return undefined;
    return new Promise((resolve, reject) => {
      this.#waiter = { demand, resolve, reject };
    });
  }

  settle(): void {}

  /** What the server has sent by now still comes. A connection that breaks meanwhile has lost what was on its way. */
  async drain({ signal }: CallOptions): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.#subscription?.drain().catch(() => {}), aborted]);
    this.#ending = true;
    if (this.#buffer.length === 0) this.#answer(undefined);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#subscription?.unsubscribe();
    this.#buffer.clear();
    this.#answer(undefined);
  }

  close(_options: CallOptions): Promise<void> {
    this.stop();
    this.#onClosed(this);
    return Promise.resolve();
  }

  #received(error: Error | null, message: Msg): void {
    if (error !== null) return this.#fail(error);
    if (this.#stopped) return;
    if (this.#buffer.length >= MAX_BUFFERED || this.#bytes > MAX_BUFFERED_BYTES) return this.#lose();
    const incoming = new CoreMessage(message, this.#spec.topic);
    this.#buffer.push(incoming);
    this.#bytes += incoming.value.length;
    if (this.#waiter === undefined || this.#wakeScheduled) return;
    this.#wakeScheduled = true;
    queueMicrotask(() => {
      this.#wakeScheduled = false;
      if (this.#waiter !== undefined && this.#buffer.length > 0)
        this.#answer(this.#take(this.#waiter.demand));
    });
  }

  #take({ messages, bytes }: Demand): CoreMessage[] {
    const batch: CoreMessage[] = [];
    let room = bytes;
    for (let next = this.#buffer.peek(); next !== undefined; next = this.#buffer.peek()) {
      if (batch.length >= messages || (batch.length > 0 && next.value.length > room)) break;
      this.#buffer.shift();
      room -= next.value.length;
      this.#bytes -= next.value.length;
      batch.push(next);
    }
    return batch;
  }

  #answer(batch: Batch): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve(batch);
  }

  #lose(): void {
    this.#lost++;
    // The first of each burst of a power of two, so that the log stays readable.
    if ((this.#lost & (this.#lost - 1)) !== 0) return;
    const { topic, group } = this.#spec;
    const text =
      'an ephemeral subscription is too slow: messages were lost; make the topic persistent to keep them';
    this.#logger.warn({ topic, group, lost: this.#lost }, text);
  }

  #fail(cause: Error): void {
    const { topic } = this.#spec;
    const failure = new EbusError(`the subscription to '${topic}' over nats ended: ${cause.message}`, {
      code: cause.name === 'PermissionViolationError' ? 'UNAUTHORIZED' : 'SUBSCRIBE_FAILED',
      cause,
    });
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.#failure = failure;
    else waiter.reject(failure);
  }
}
