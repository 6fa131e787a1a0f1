/** Sending: one producer for each codec in use, delivery reports into receipts, waiting where the client is full. */

import type { DeliveryReport, Producer } from '@confluentinc/kafka-javascript';
import {
  ConfigError,
  Deque,
  EbusError,
  type OutgoingRecord,
  PublishTimeoutError,
  type SendReceipt,
  UnsupportedError,
} from '@ebus/core/driver';
import { type Codec, producerConfig } from './client-config.js';
import { CODE, codeOf, notSent } from './errors.js';
import type { ResolvedKafkaConfig } from './kafka-config.js';
import { toClient, toHeaders } from './mapping.js';
import { called, type NativeClient } from './native-client.js';

export interface SenderOptions {
  readonly client: NativeClient;
  readonly config: ResolvedKafkaConfig;
  readonly serviceName: string;
  readonly now: () => number;
  codecOf(topic: string): Codec;
  /** A producer said that something is wrong, in words only. */
  onError(error: unknown): void;
}

/** Travels with the message through the client. */
interface Pending {
  readonly topic: string;
  resolve(receipt: SendReceipt): void;
  reject(error: unknown): void;
}

interface Waiting {
  readonly record: OutgoingRecord;
  readonly pending: Pending;
}

/** A producer, and what it had no room for. */
interface Lane {
  readonly producer: Producer;
  readonly waiting: Deque<Waiting>;
  /** Until it is connected, everything waits. */
  ready: boolean;
}

const UNCOMPRESSED: Codec = { compression: 'none', level: undefined };
/** How long one attempt to connect may block a thread. */
const CONNECT_MS = 2_000;

export class Sender {
  readonly #options: SenderOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOfTopic = new Map<string, Lane>();
  readonly #unacknowledged = new Set<Pending>();
  #idle: (() => void) | undefined;
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** The first producer; also the client for questions to the cluster. */
  get producer(): Producer {
    return this.#lane(UNCOMPRESSED).producer;
  }

  /** One attempt, of at most two seconds. */
  connect(): Promise<void> {
    return this.#connect(this.#lane(UNCOMPRESSED));
  }

  send(record: OutgoingRecord): Promise<SendReceipt> {
    if (this.#options.config.producer.requiredAcks === 0 && record.persistence === 'persistent') {
      throw new UnsupportedError(
        `topic '${record.topic}' is persistent, and kafka.producer.requiredAcks is 0, which acknowledges nothing; ` +
          'use -1, or make the topic ephemeral',
      );
    }
    const lane = this.#laneOfTopic.get(record.topic) ?? this.#laneFor(record.topic);
    return new Promise((resolve, reject) => {
      const pending: Pending = { topic: record.topic, resolve, reject };
      this.#unacknowledged.add(pending);
      if (!lane.ready || lane.waiting.length > 0 || !this.#produce(lane, record, pending)) {
        lane.waiting.push({ record, pending });
      }
    });
  }

  /** The codec of a topic may have changed. */
  forget(topic: string): void {
    this.#laneOfTopic.delete(topic);
  }

  /** Resolves once everything handed over was acknowledged or refused, or the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.#unacknowledged.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** What is not acknowledged is rejected with `cause`; the producers go, in the background. */
  close(cause: EbusError): Promise<unknown> {
    this.#closed = true;
    const left = [...this.#unacknowledged];
    this.#unacknowledged.clear();
    for (const { reject } of left) reject(cause);
    return Promise.all(
      [...this.#lanes.values()].map(({ producer }) =>
        producer.isConnected() ? called((done) => producer.disconnect(0, done)) : undefined,
      ),
    );
  }

  #laneFor(topic: string): Lane {
    const lane = this.#lane(this.#options.codecOf(topic));
    this.#laneOfTopic.set(topic, lane);
    if (!lane.ready) this.#connect(lane).catch((error) => this.#options.onError(error));
    return lane;
  }

  #lane(codec: Codec): Lane {
    const name = `${codec.compression}:${codec.level ?? ''}`;
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const { client, config, serviceName } = this.#options;
    let producer: Producer;
    try {
      // Without settings for topics beside it: even empty ones would replace those given here.
      producer = new client.Producer(producerConfig(config, serviceName, codec));
    } catch (cause) {
      throw refusedSettings(cause);
    }
    const lane: Lane = { producer, waiting: new Deque(), ready: false };
    producer.on('delivery-report', (error: unknown, report: DeliveryReport) =>
      this.#reported(lane, error, report),
    );
    producer.on('event.error', (error: unknown) => {
      // What a client says that was replaced is about nothing any more.
      if (!this.#closed) this.#options.onError(error);
    });
    // Errors are told once it is connected. Why it does not connect, only the log says.
    producer.on('event.log', ({ message }: { message: string }) => {
      if (!lane.ready && !this.#closed)
        this.#options.onError(new Error(message.replace(/^(\[thrd:[^\]]*\]: )/, '')));
    });
    this.#lanes.set(name, lane);
    return lane;
  }

  async #connect(lane: Lane): Promise<void> {
    const { producer } = lane;
    if (lane.ready) return;
    await called((done) => producer.connect({ allTopics: false, timeout: CONNECT_MS }, done));
    // A thread of the client waits for reports: no timer here, and no delay.
    producer.setPollInBackground(true);
    lane.ready = true;
    this.#pushOn(lane);
  }

  /** @returns false where the client's queue is full */
  #produce({ producer }: Lane, { topic, key, value, headers }: OutgoingRecord, pending: Pending): boolean {
    try {
      producer.produce(
        topic,
        null,
        value as Buffer,
        key === undefined ? key : toClient(key),
        null,
        pending,
        toHeaders(headers),
      );
      return true;
    } catch (error) {
      if (codeOf(error) === CODE.queueFull) return false;
      this.#unacknowledged.delete(pending);
      pending.reject(notSent(topic, error));
      return true;
    }
  }

  #reported(lane: Lane, error: unknown, { opaque, partition, offset }: DeliveryReport): void {
    const pending = opaque as Pending;
    if (this.#unacknowledged.delete(pending)) {
      if (error !== null && error !== undefined) pending.reject(notSent(pending.topic, error));
      else pending.resolve(offset >= 0 ? { position: { partition, offset } } : {});
    }
    if (lane.waiting.length > 0) this.#pushOn(lane);
    if (this.#unacknowledged.size === 0) this.#idle?.();
  }

  /** In order, as far as there is room. */
  #pushOn(lane: Lane): void {
    for (let next = lane.waiting.peek(); next !== undefined; next = lane.waiting.peek()) {
      const { record, pending } = next;
      if (this.#closed) return;
      if (this.#options.now() > record.deadline) {
        this.#unacknowledged.delete(pending);
        const text = `not sent: the client had no room for the message to '${record.topic}' in time`;
        pending.reject(new PublishTimeoutError(text));
      } else if (!this.#produce(lane, record, pending)) return;
      lane.waiting.shift();
    }
  }
}

/** Of `kafka.librdkafka`, or of the files for TLS. */
export function refusedSettings(cause: unknown): EbusError {
  return EbusError.from(cause, (reason) => {
    const message = `the client refused its settings: ${reason}; check kafka.librdkafka and kafka.security`;
    return new ConfigError(message, { problems: [{ path: 'kafka.librdkafka', message: reason }], cause });
  });
}
