/** The public shapes of topic management. */
import type { Compression, TopicDescription } from '../driver/topic-admin.js';
import type { Duration } from '../duration.js';
import type { TopicMismatch } from '../errors.js';
import type { Bytes } from '../size.js';

export interface TopicOptions {
  /** Default `auto`: the adapter's global setting. */
  persistence?: 'persistent' | 'ephemeral' | 'auto';
  /** Default 7 days. */
  retention?: Duration;
  /** Discards the oldest beyond it. Default: no limit. */
  maxSize?: Bytes;
  /** Discards the oldest beyond it. Default: no limit. */
  maxMessages?: number;
  /** Default 1. */
  replicas?: number;
  /** Default 1. */
  partitions?: number;
  /** Default none. */
  compression?: Compression;
  compressionLevel?: number;
  description?: string;
}

export interface ConfigureOptions {
  /** Default: the configuration's `topicConfigStrategy`. */
  strategy?: 'skip' | 'createOnly' | 'createOrUpdate' | 'validateOnly';
  /** Default: the configuration's `onMismatch`. */
  onMismatch?: 'warn' | 'fail';
  /** More partitions move keys; without this they are a mismatch. Default false. */
  allowPartitionIncrease?: boolean;
}

/** What configuring a topic came to. */
export interface TopicOutcome {
  readonly topic: string;
  /** `left`: as it should be already, or not asked about (`skip`). */
  readonly action: 'created' | 'changed' | 'left' | 'mismatched';
  /** Fields that were changed. */
  readonly changed: readonly string[];
  /** Fields that differ still. */
  readonly mismatches: readonly TopicMismatch[];
  /** Configured fields that this broker does not have. */
  readonly unsupported: readonly string[];
}

/** Declares topics to the broker. Asks it at configure time only; publishing never makes an administrative call. */
export interface TopicManager {
  configure(topic: string, options: TopicOptions, how?: ConfigureOptions): Promise<TopicOutcome>;
  setPersistence(topic: string, persistent: boolean): Promise<TopicOutcome>;
  /** What was configured here, completed by the defaults. */
  get(topic: string): TopicOptions;
  /** What the broker really has. */
  describe(topic: string): Promise<TopicDescription | undefined>;
  /** The topics configured here. */
  list(): string[];
  /** Drops the configuration here; the broker's topic stays. */
  forget(topic: string): boolean;
  apply(configs: Record<string, TopicOptions>, how?: ConfigureOptions): Promise<TopicOutcome[]>;
  /** A dry run of `apply`. */
  plan(configs: Record<string, TopicOptions>, how?: ConfigureOptions): Promise<TopicOutcome[]>;
}
