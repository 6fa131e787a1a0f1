/** Sending: a lane, which is one producer, for each codec in use. */
import type { Producer } from '@confluentinc/kafka-javascript';
import {
  type Clock,
  type Compression,
  type Logger,
  reasonOf,
  type SendRecord,
  type TopicSpec,
} from '@ebus/core/driver';
import { type Codec, producerConfig } from './client-config.js';
import type { ResolvedKafkaConfig } from './config-schema.js';
import { Lane } from './lane.js';
import type { NativeClient } from './native-client.js';
import { checkLevel } from './topic-settings.js';

/** Options of a `Sender`. */
export interface SenderOptions {
  readonly client: NativeClient;
  readonly config: ResolvedKafkaConfig;
  readonly serviceName: string;
  readonly clock: Clock;
  readonly logger: Logger;
  configuredTopic(topic: string): Partial<TopicSpec> | undefined;
  /** A producer reported a problem, in words only. */
  onError(error: unknown): void;
  /** Whether the cluster answers others. Never rejects. */
  isThere(): Promise<boolean>;
}

/** Chooses a topic's lane by its codec. Order is kept per topic while its codec stays the same. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOfTopic = new Map<string, Lane>();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Made with the first message; those of topics with compression have producers beside it. */
  get producer(): Producer | undefined {
    return this.#lanes.get('none:')?.producer ?? [...this.#lanes.values()][0]?.producer;
  }

  /** Written in the order of the calls; answered through the record. @throws ConfigError */
  send(record: SendRecord): void {
    (this.#laneOfTopic.get(record.topic) ?? this.#laneFor(record.topic)).send(record);
  }

  /** The codec of a topic may have changed. */
  forget(topic: string): void {
    this.#laneOfTopic.delete(topic);
  }

  /** Resolves once all records were acknowledged or refused, or the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.drain(signal)));
  }

  /** Unacknowledged records are rejected with `cause`; the producers go, in the background. */
  close(cause: unknown): Promise<unknown> {
    return Promise.all([...this.#lanes.values()].map((lane) => lane.close(cause)));
  }

  #laneFor(topic: string): Lane {
    const { compression = 'none', compressionLevel } = this.#options.configuredTopic(topic) ?? {};
    checkLevel(topic, compression, compressionLevel);
    const codec = { compression, level: compression === 'none' ? undefined : compressionLevel };
    const name = `${compression}:${codec.level ?? ''}`;
    const lane = this.#lanes.get(name) ?? this.#newLane(codec);
    this.#lanes.set(name, lane);
    this.#laneOfTopic.set(topic, lane);
    return lane;
  }

  #newLane(codec: Codec & { compression: Compression }): Lane {
    const { client, config, serviceName, clock, logger, onError, isThere } = this.#options;
    return new Lane({
      client,
      clock,
      settings: () => producerConfig(config, serviceName, codec),
      onError,
      isThere,
      onReplaced: (err) =>
        logger.warn({ err }, `a Kafka producer could not go on and is replaced: ${reasonOf(err)}`),
    });
  }
}
