/** Topic options, step by step. */
import type { Compression } from '../driver/topic-admin.js';
import { type Duration, parseDuration } from '../duration.js';
import { ConfigError, type ConfigProblem } from '../errors.js';
import type { Bytes } from '../size.js';
import { validateTopicName } from '../topic-name.js';
import { kind, required } from '../util/option-kinds.js';
import { checkArgument } from '../util/options.js';
import { isRecord } from '../util/records.js';
import { COMPRESSIONS, compressionLevelProblem, readTopicOptions } from './topic-spec.js';
import type { ConfigureOptions, TopicManager, TopicOptions, TopicOutcome } from './types.js';

const MAX_PARTITIONS = 100;
const MAX_REPLICATION = 5;
const MIN_RETENTION_MS = 60_000;
/** Where an algorithm is chosen and no level is. */
const DEFAULT_LEVELS: Readonly<Partial<Record<Compression, number>>> = {
  snappy: 6,
  lz4: 9,
  gzip: 6,
  zstd: 3,
};

const PRESET = required(
  kind('an object of topic options, such as highThroughputTopic() makes', (value) => isRecord(value)),
);
const BUS = required(
  kind('an event bus (await createEventBus)', (value) => {
    const topics = (value as { topics?: { configure?: unknown } } | null)?.topics;
    return typeof topics?.configure === 'function';
  }),
);

/**
 * Collects the options of a topic. A later call overrides the same field of an earlier one, or of a preset.
 * Nothing is checked before `toOptions` or `build`, which throw one error with all problems.
 */
export class TopicBuilder {
  readonly #topic: string;
  #options: TopicOptions = {};

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** 1 to 100. */
  withPartitions(partitions: number): this {
    return this.#set({ partitions });
  }

  /** Copies of each message, 1 to 5. */
  withReplication(replicas: number): this {
    return this.#set({ replicas });
  }

  /** At least 1 minute. */
  withRetention(retention: Duration): this {
    return this.#set({ retention });
  }

  /** Beyond it the oldest messages go. 0 or -1: no limit. */
  withMaxSize(maxSize: Bytes): this {
    return this.#set({ maxSize });
  }

  /** Beyond it the oldest messages go. 0 or -1: no limit. */
  withMaxMessages(maxMessages: number): this {
    return this.#set({ maxMessages });
  }

  withDescription(description: string): this {
    return this.#set({ description });
  }

  persistent(): this {
    return this.#set({ persistence: 'persistent' });
  }

  ephemeral(): this {
    return this.#set({ persistence: 'ephemeral' });
  }

  /** Leaves the persistence to the adapter. */
  auto(): this {
    return this.#set({ persistence: 'auto' });
  }

  /** With the algorithm's default level, unless a level is given for it. */
  withCompression(algorithm: Compression): this {
    const { compression, compressionLevel: _, ...rest } = this.#options;
    // A level that was given for another algorithm says nothing about this one.
    if (compression !== undefined && compression !== algorithm) this.#options = rest;
    return this.#set({ compression: algorithm });
  }

  /** gzip: 1 to 9, default 6. lz4: 1 to 17, default 9. zstd: 1 to 22, default 3. snappy: default 6. */
  withCompressionLevel(level: number): this {
    return this.#set({ compressionLevel: level });
  }

  noCompression(): this {
    return this.withCompression('none');
  }

  snappyCompression(): this {
    return this.withCompression('snappy');
  }

  lz4Compression(): this {
    return this.withCompression('lz4');
  }

  gzipCompression(): this {
    return this.withCompression('gzip');
  }

  /** 1 to 9. */
  gzipCompressionLevel(level: number): this {
    return this.withCompression('gzip').withCompressionLevel(level);
  }

  zstdCompression(): this {
    return this.withCompression('zstd');
  }

  /** 1 to 22. */
  zstdCompressionLevel(level: number): this {
    return this.withCompression('zstd').withCompressionLevel(level);
  }

  /**
   * Sets the fields that the preset has: `usePreset(highThroughputTopic())`.
   * @throws ConfigError for a value that is no options object
   */
  usePreset(preset: TopicOptions): this {
    checkArgument('usePreset(preset): preset', preset, PRESET);
    const { compression, ...fields } = preset;
    if (compression !== undefined) this.withCompression(compression);
    return this.#set(fields);
  }

  /** @throws ConfigError listing all problems, the name included */
  toOptions(): TopicOptions {
    const options: TopicOptions = { ...this.#options };
    const { compression } = options;
    const level = compression === undefined ? undefined : DEFAULT_LEVELS[compression];
    if (options.compressionLevel === undefined && level !== undefined) options.compressionLevel = level;
    const problems = this.#problems(options);
    if (problems.length === 0) return options;
    const list = problems.map(({ message }) => message).join('; ');
    throw new ConfigError(`cannot build topic '${String(this.#topic)}': ${list}`, { problems });
  }

  /**
   * Configures the topic on a bus.
   * @throws what `toOptions` and `topics.configure` throw, by rejecting
   */
  async build(
    bus: { readonly topics: Pick<TopicManager, 'configure'> },
    how?: ConfigureOptions,
  ): Promise<TopicOutcome> {
    checkArgument('build(bus): bus', bus, BUS);
    return bus.topics.configure(this.#topic, this.toOptions(), how);
  }

  #set(fields: TopicOptions): this {
    this.#options = { ...this.#options, ...fields };
    return this;
  }

  #problems(options: TopicOptions): ConfigProblem[] {
    const problems: ConfigProblem[] = [];
    const path = (field: string) => `topics.${String(this.#topic)}.${field}`;
    const wrong = (field: string, message: string) => void problems.push({ path: path(field), message });
    try {
      validateTopicName(this.#topic);
    } catch (error) {
      problems.push({ path: `topics.${String(this.#topic)}`, message: (error as Error).message });
    }
    const { partitions, replicas, retention, compression, compressionLevel } = options;
    if (!isBetween(partitions, 1, MAX_PARTITIONS)) {
      wrong('partitions', `partitions must be between 1 and ${MAX_PARTITIONS}`);
    }
    if (!isBetween(replicas, 1, MAX_REPLICATION)) {
      wrong('replicas', `replication must be between 1 and ${MAX_REPLICATION}`);
    }
    if (isTooShort(retention)) wrong('retention', 'retention must be at least 1m');
    if (compression !== undefined && !COMPRESSIONS.includes(compression)) {
      wrong('compression', `invalid compression algorithm: ${String(compression)}`);
    }
    const level = compressionLevelProblem(compression, compressionLevel);
    if (level !== undefined) wrong('compressionLevel', level);
    // What is left is checked as it is everywhere else; one message a field is enough.
    const others: ConfigProblem[] = [];
    readTopicOptions(String(this.#topic), options, 'persistent', others);
    for (const problem of others) {
      if (problems.some(({ path: known }) => known === problem.path)) continue;
      const field = problem.path.slice(path('').length);
      problems.push({ path: problem.path, message: `${field}: ${problem.message}` });
    }
    return problems;
  }
}

function isBetween(value: number | undefined, least: number, most: number): boolean {
  return value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most);
}

/** Unreadable durations are reported by the common checks. */
function isTooShort(retention: Duration | undefined): boolean {
  if (retention === undefined) return false;
  try {
    return parseDuration(retention) < MIN_RETENTION_MS;
  } catch {
    return typeof retention === 'number';
  }
}
