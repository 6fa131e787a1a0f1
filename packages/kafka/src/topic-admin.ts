/** Administration, by kafkajs: librdkafka's binding can neither describe nor alter a topic. */

import type { Producer } from '@confluentinc/kafka-javascript';
import {
  type CallOptions,
  type Compression,
  ConfigError,
  type DriverTopicAdmin,
  EbusError,
  type NewTopicSpec,
  type Persistence,
  reasonOf,
  type TopicDescription,
  type TopicSpec,
} from '@ebus/core/driver';
import kafkajs, { type Admin, type ConfigEntries } from 'kafkajs';
import { adminConfig, UNKNOWN_TOPIC_MS } from './client-config.js';
import { classify } from './errors.js';
import type { ResolvedKafkaConfig } from './kafka-config.js';
import { within } from './native-client.js';
import { metadataOf } from './offsets.js';

const HOUR_MS = 3_600_000;
/** How long topics that ebus makes keep their messages where that was not written; Kafka knows no other persistence. */
const RETENTION_MS = { ephemeral: HOUR_MS, persistent: 7 * 24 * HOUR_MS };
/** What Kafka writes for "no limit". */
const UNLIMITED = -1;
/** What the protocol writes for partitions and replicas that the broker is to choose. */
const BROKERS = -1;
/** Description of where a setting comes from: the topic itself. */
const TOPIC_CONFIG = 1;

/** What the protocol calls a topic among the things that have settings. */
const TOPIC = 2;

const SUPPORTED = [
  'persistence',
  'retentionMs',
  'maxBytes',
  'replicas',
  'partitions',
  'compression',
  'compressionLevel',
] as const;

/** What the broker takes. Snappy has no levels: one that a preset brings along changes nothing. */
const LEVELS: Readonly<Partial<Record<Compression, readonly [number, number]>>> = {
  gzip: [1, 9],
  lz4: [1, 12],
  zstd: [1, 22],
};

const READ = [
  'retention.ms',
  'retention.bytes',
  'compression.type',
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.zstd.level',
  'max.message.bytes',
];

/** @throws ConfigError for a level outside of what the codec has */
export function checkLevel(
  topic: string,
  compression: Compression | undefined,
  level: number | undefined,
): void {
  const range = LEVELS[compression ?? 'none'];
  if (level === undefined || range === undefined || (level >= range[0] && level <= range[1])) return;
  const message = `the compression level of ${compression} must be between ${range[0]} and ${range[1]}, got ${level}`;
  throw new ConfigError(`topic '${topic}': ${message}`, {
    problems: [{ path: `topics.${topic}.compressionLevel`, message }],
  });
}

export interface TopicAdminOptions {
  readonly config: ResolvedKafkaConfig;
  readonly serviceName: string;
  producer(): Producer;
  /** A topic has other settings now. */
  onChanged(topic: string): void;
}

export class TopicAdmin implements DriverTopicAdmin {
  readonly supports = new Set<keyof TopicSpec>(SUPPORTED);
  readonly #options: TopicAdminOptions;
  #client: Admin | undefined;
  #connecting: Promise<Admin> | undefined;

  constructor(options: TopicAdminOptions) {
    this.#options = options;
  }

  defaults(persistence: Persistence): Partial<TopicSpec> {
    return { retentionMs: RETENTION_MS[persistence] };
  }

  get client(): Admin | undefined {
    return this.#client;
  }

  /** Asked of any broker by the producer's client, which needs to know it anyway. */
  exists(topic: string, { signal }: CallOptions): Promise<boolean> {
    const asking = metadataOf(this.#options.producer(), topic).then(({ length }) => length > 0);
    return within(asking, signal, () => new Error('no answer in time'));
  }

  describe(topic: string, options: CallOptions): Promise<TopicDescription | undefined> {
    return this.#do('describe', topic, options, async (admin) => {
      const layout = await this.#layoutOf(topic);
      if (layout === undefined) return undefined;
      return { name: topic, ...layout, ...settingsOf(await entriesOf(admin, topic)) };
    });
  }

  create(topic: string, spec: NewTopicSpec, options: CallOptions): Promise<boolean> {
    checkLevel(topic, spec.compression, spec.compressionLevel);
    return this.#do('create', topic, options, async (admin) => {
      // What is left out is the broker's affair: its `num.partitions`, its `default.replication.factor`.
      const { partitions = BROKERS, replicas = BROKERS } = spec;
      const settings = entries(spec);
      const configEntries =
        settings.length === 0 ? [] : [{ name: 'cleanup.policy', value: 'delete' }, ...settings];
      // False where it exists by now.
      const created = await admin.createTopics({
        topics: [{ topic, numPartitions: partitions, replicationFactor: replicas, configEntries }],
        waitForLeaders: false,
      });
      // One that is there and cannot be seen is not this client's to see.
      const until = created ? Number.POSITIVE_INFINITY : performance.now() + UNKNOWN_TOPIC_MS;
      const mayWait = () => !options.signal.aborted && performance.now() < until;
      while ((await this.#layoutOf(topic)) === undefined && mayWait()) await pause();
      this.#options.onChanged(topic);
      return created;
    });
  }

  alter(topic: string, changes: Partial<TopicSpec>, options: CallOptions): Promise<void> {
    return this.#do('change', topic, options, async (admin) => {
      const { partitions, ...settings } = changes;
      if (partitions !== undefined) await this.#widen(admin, topic, partitions, options.signal);
      const changed = Object.keys(settings).length > 0 ? await this.#changed(admin, topic, settings) : [];
      if (changed.length > 0) {
        const resource = { type: TOPIC, name: topic, configEntries: changed };
        await admin.alterConfigs({ validateOnly: false, resources: [resource] });
      }
      this.#options.onChanged(topic);
    });
  }

  /** Until the brokers tell of it: one that does not know yet would be asked to do it once more. */
  async #widen(admin: Admin, topic: string, count: number, signal: AbortSignal): Promise<void> {
    const refusal = await admin.createPartitions({ topicPartitions: [{ topic, count }] }).then(
      () => undefined,
      (error: unknown) => error,
    );
    const until = performance.now() + UNKNOWN_TOPIC_MS;
    while (!signal.aborted && performance.now() < until) {
      if (((await this.#layoutOf(topic))?.partitions ?? 0) >= count) return;
      await pause();
    }
    if (refusal !== undefined) throw refusal;
  }

  /** By kafkajs: librdkafka's binding crashes when it is told of a group that the broker does not have. */
  async isRebalancing(group: string): Promise<boolean> {
    const { groups } = await (await this.#connect()).describeGroups([group]);
    return /^(Preparing|Completing)Rebalance$/.test(groups[0]?.state ?? '');
  }

  async close(): Promise<void> {
    const connecting = this.#connecting;
    this.#connecting = undefined;
    this.#client = undefined;
    await (await connecting?.catch(() => undefined))?.disconnect();
  }

  /** Altering replaces the whole set, so what is there and not changed is written again. */
  async #changed(admin: Admin, topic: string, settings: Partial<TopicSpec>) {
    const present = await entriesOf(admin, topic);
    const { compressionLevel, compression = compressionOf(present) } = settings;
    checkLevel(topic, compression, compressionLevel);
    // A level belongs to an algorithm; without one, the algorithm that is there is not written again.
    const changes = compressionLevel === undefined ? settings : { ...settings, compression };
    const merged = new Map<string, string>();
    for (const { configName, configValue, configSource } of present) {
      if (Number(configSource) === TOPIC_CONFIG) merged.set(configName, configValue);
    }
    for (const { name, value } of entries(changes)) merged.set(name, value);
    return [...merged].map(([name, value]) => ({ name, value }));
  }

  async #do<T>(
    what: string,
    topic: string,
    { signal }: CallOptions,
    action: (admin: Admin) => Promise<T>,
  ): Promise<T> {
    const work = (async () => action(await this.#connect()))();
    try {
      return await within(work, signal, () => new Error('no answer in time'));
    } catch (cause) {
      throw EbusError.from(cause, () => {
        const { code, retryable } = classify(cause);
        const text = `cannot ${what} topic '${topic}' on Kafka: ${reasonsOf(cause)}`;
        if (code === 'PUBLISH_FAILED') return new ConfigError(text, { cause, retryable });
        return new EbusError(text, { code, retryable, cause });
      });
    }
  }

  /** By librdkafka: kafkajs asks five times for what is not there. */
  async #layoutOf(topic: string): Promise<{ partitions: number; replicas: number } | undefined> {
    const partitions = await metadataOf(this.#options.producer(), topic);
    if (partitions.length === 0 || partitions.some(({ leader }) => leader < 0)) return undefined;
    return { partitions: partitions.length, replicas: partitions[0]?.replicas.length ?? 1 };
  }

  #connect(): Promise<Admin> {
    this.#connecting ??= (async () => {
      const admin = new kafkajs.Kafka(adminConfig(this.#options.config, this.#options.serviceName)).admin();
      await admin.connect();
      this.#client = admin;
      return admin;
    })().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }
}

async function entriesOf(admin: Admin, topic: string): Promise<readonly ConfigEntries[]> {
  const resource = { type: TOPIC, name: topic };
  const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
  return resources[0]?.configEntries ?? [];
}

function settingsOf(present: readonly ConfigEntries[]): Omit<TopicDescription, 'name'> {
  const values = new Map(present.filter(({ configName }) => READ.includes(configName)).map(pair));
  const retention = Number(values.get('retention.ms') ?? -1);
  const bytes = Number(values.get('retention.bytes') ?? -1);
  const largest = Number(values.get('max.message.bytes') ?? 0);
  const compression = compressionOf(present);
  const level = Number(values.get(`compression.${compression}.level`));
  return {
    ...(retention >= 0 ? { retentionMs: retention } : {}),
    ...(bytes >= 0 ? { maxBytes: bytes } : {}),
    compression,
    ...(Number.isFinite(level) ? { compressionLevel: level } : {}),
    ...(largest > 0 ? { maxMessageBytes: largest } : {}),
  };
}

const pair = ({ configName, configValue }: ConfigEntries) => [configName, configValue] as const;

/** `producer`, the broker's default, keeps what producers chose: with ebus, nothing unless configured. */
function compressionOf(present: readonly ConfigEntries[]): Compression {
  const value = present.find(({ configName }) => configName === 'compression.type')?.configValue;
  return value === 'gzip' || value === 'snappy' || value === 'lz4' || value === 'zstd' ? value : 'none';
}

function entries(spec: Partial<NewTopicSpec>): { name: string; value: string }[] {
  const { retentionMs, maxBytes, compression, compressionLevel: level, maxMessageBytes } = spec;
  const list: [string, string | number][] = [];
  if (maxMessageBytes !== undefined) list.push(['max.message.bytes', maxMessageBytes]);
  if (retentionMs !== undefined) list.push(['retention.ms', retentionMs === 0 ? UNLIMITED : retentionMs]);
  if (maxBytes !== undefined) list.push(['retention.bytes', maxBytes === 0 ? UNLIMITED : maxBytes]);
  if (compression !== undefined) {
    list.push(['compression.type', compression === 'none' ? 'producer' : compression]);
    if (level !== undefined && LEVELS[compression] !== undefined) {
      list.push([`compression.${compression}.level`, level]);
    }
  }
  return list.map(([name, value]) => ({ name, value: String(value) }));
}

/** A new topic is not known to every broker at once. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

/** kafkajs hides the reasons of several topics in one error. */
function reasonsOf(error: unknown): string {
  const { errors } = (error ?? {}) as { errors?: unknown[] };
  return Array.isArray(errors) ? errors.map(reasonOf).join('; ') : reasonOf(error);
}
