/** One topic of a group over Core NATS: a queue subscription. A message without a receiver is gone; at most once. */
import {
  type CallOptions,
  type Credit,
  Deque,
  type DriverSubscription,
  type HeaderList,
  type IncomingMessage,
  type Logger,
  type SubscriptionSink,
  type SubscriptionSpec,
} from '@ebus/core/driver';
import type { Msg } from '@nats-io/transport-node';
import { KeptSubscription } from './kept-subscription.js';
import { inTime, type Link, type OnMessage } from './link.js';
import type { ReadHeaders } from './mapping.js';
import { bytesOf, headersOf, marksOf, mayHaveHeaders, NO_HEADERS } from './raw-message.js';
import { refusal } from './refusals.js';

/** Kept for a slow subscription; the server does not wait, so messages beyond it are lost, and counted. */
const MAX_BUFFERED = 100_000;
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

/** Without headers: nothing of the client's message is kept. */
class PlainMessage implements IncomingMessage {
  readonly topic: string;
  readonly value: Uint8Array;
  readonly key = undefined;
  readonly headers: HeaderList = NO_HEADERS.headers;
  readonly messageId = undefined;
  readonly size: number;
  readonly redriven: boolean = false;
  /** Nothing to settle. */
  readonly token = undefined;
  readonly redelivered = false;

  constructor(message: Msg, topic: string) {
    this.topic = topic;
    this.value = message.data;
    this.size = bytesOf(message);
  }
}

/** Headers are read when they are asked for. */
class HeadedMessage implements IncomingMessage {
  readonly topic: string;
  readonly value: Uint8Array;
  readonly size: number;
  readonly redriven: boolean;
  readonly token = undefined;
  readonly redelivered = false;
  readonly #message: Msg;
  #read: ReadHeaders | undefined;

  constructor(message: Msg, topic: string) {
    this.#message = message;
    this.topic = topic;
    this.value = message.data;
    this.size = bytesOf(message);
    this.redriven = marksOf(message).redriven;
  }

  get key(): string | Uint8Array | undefined {
    return this.#all.key;
  }

  get headers(): HeaderList {
    return this.#all.headers;
  }

  get messageId(): string | undefined {
    return this.#all.messageId;
  }

  get #all(): ReadHeaders {
    this.#read ??= headersOf(this.#message);
    return this.#read;
  }
}

type CoreMessage = PlainMessage | HeadedMessage;

interface CoreSubscriptionOptions {
  readonly spec: SubscriptionSpec;
  readonly sink: SubscriptionSink;
  readonly logger: Logger;
  onClosed(subscription: CoreSubscription): void;
}

/**
 * Receives from a queue group and pushes as far as credit goes. Beyond 100,000 messages or 64 MB in its buffer it drops
 * new ones, counts them and warns.
 */
export class CoreSubscription implements DriverSubscription {
  failure: unknown;
  readonly #options: CoreSubscriptionOptions;
  readonly #buffer = new Deque<CoreMessage>();
  #bytes = 0;
  #credit: Credit = { messages: 0, bytes: 0 };
  #lost = 0;
  #subscription: KeptSubscription | undefined;
  #isPushing = false;
  #wakeScheduled = false;
  /** Nothing more comes; buffered messages are still pushed, and then the end. */
  #ending = false;
  #stopped = false;

  constructor(options: CoreSubscriptionOptions) {
    this.#options = options;
  }

  /** The client keeps its subscriptions over reconnects of its own; a new client gets a new one. */
  online(link: Link): void {
    if (this.#stopped || this.#ending) return;
    if (this.#subscription?.link === link) return;
    const { topic, group: queue } = this.#options.spec;
    this.#subscription?.unsubscribe();
    const onMessage: OnMessage = (error, message) => this.#received(error, message);
    this.#subscription = new KeptSubscription(link, topic, onMessage, {
      queue,
      onTaken: () => this.#options.sink.resumed(),
    });
  }

  offline(): void {}

  refused(): void {}

  request(credit: Credit): void {
    this.#credit = credit;
    this.#push();
  }

  settle(): void {}

  /**
   * Messages that the server has sent by now still come. If the connection breaks meanwhile, those on their way are
   * lost.
   */
  async drain({ signal }: CallOptions): Promise<void> {
    const drained = this.#subscription?.drain() ?? Promise.resolve();
    await inTime(drained, signal, 'the server did not confirm the end').catch(() => {});
    this.#ending = true;
    this.#push();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#subscription?.unsubscribe();
    this.#buffer.clear();
  }

  close(_options: CallOptions): Promise<void> {
    this.stop();
    this.#options.onClosed(this);
    return Promise.resolve();
  }

  #received(error: Error | null, message: Msg): void {
    const { spec, sink } = this.#options;
    if (error !== null) {
      this.failure = refusal(`the subscription to '${spec.topic}'`, error);
      return sink.failed(this.failure);
    }
    if (this.#stopped) return;
    if (this.#buffer.length >= MAX_BUFFERED || this.#bytes > MAX_BUFFERED_BYTES) return this.#lose();
    const Kind = mayHaveHeaders(message) ? HeadedMessage : PlainMessage;
    const incoming = new Kind(message, spec.topic);
    this.#buffer.push(incoming);
    this.#bytes += incoming.size;
    if (this.#wakeScheduled) return;
    // After everything that came in the same chunk from the server.
    this.#wakeScheduled = true;
    queueMicrotask(() => {
      this.#wakeScheduled = false;
      this.#push();
    });
  }

  #push(): void {
    if (this.#isPushing) return;
    this.#isPushing = true;
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) this.#options.sink.push(batch);
    this.#isPushing = false;
    if (this.#ending && !this.#stopped && this.#buffer.length === 0) {
      this.#stopped = true;
      this.#options.sink.ended();
    }
  }

  #take(): CoreMessage[] {
    let { messages, bytes } = this.#credit;
    const batch: CoreMessage[] = [];
    while (messages > 0 && bytes > 0) {
      const next = this.#buffer.shift();
      if (next === undefined) break;
      messages--;
      bytes -= next.size;
      this.#bytes -= next.size;
      batch.push(next);
    }
    this.#credit = { messages, bytes };
    return batch;
  }

  #lose(): void {
    this.#lost++;
    // The first of each burst of a power of two, so that the log stays readable.
    if ((this.#lost & (this.#lost - 1)) !== 0) return;
    const { spec, logger } = this.#options;
    const text =
      'an ephemeral subscription is too slow: messages were lost; make the topic persistent to keep them';
    logger.warn({ topic: spec.topic, group: spec.group, lost: this.#lost }, text);
  }
}
