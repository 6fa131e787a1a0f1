/** The public shapes of topic management. */
import type { Compression, TopicDescription } from '../driver/topic-admin.js';
import type { Duration } from '../duration.js';
import type { EbusError, TopicMismatch } from '../errors.js';
import type { Bytes } from '../size.js';

/**
 * The wanted settings of a topic. An option that is left out is not compared and not changed on a topic that exists;
 * a topic that is created gets the default.
 */
export interface TopicOptions {
  /** Default `auto`: the adapter's global setting. */
  persistence?: 'persistent' | 'ephemeral' | 'auto';
  /** Older messages go. 0: they are kept for ever. Default 7 days. */
  retention?: Duration;
  /** Discards the oldest beyond it; 0 or -1: no limit, which also removes one that is there. Default: no limit. */
  maxSize?: Bytes;
  /** Discards the oldest beyond it; 0 or -1: no limit, which also removes one that is there. Default: no limit. */
  maxMessages?: number;
  /** Default 1. */
  replicas?: number;
  /** Default 1. */
  partitions?: number;
  /** Default none. */
  compression?: Compression;
  /** The range depends on the algorithm: gzip 1 to 9, lz4 1 to 17, zstd 1 to 22. */
  compressionLevel?: number;
  description?: string;
}

/** How to bring a topic about, for this call. */
export interface ConfigureOptions {
  /** Default: the configuration's `topicConfigStrategy`. */
  strategy?: 'skip' | 'createOnly' | 'createOrUpdate' | 'validateOnly';
  /** Default: the configuration's `onMismatch`. */
  onMismatch?: 'warn' | 'fail';
  /** More partitions move keys; without this they are a mismatch. Default false. */
  allowPartitionIncrease?: boolean;
  /** Fewer partitions; only where the broker can (NATS). Without this they are a mismatch. Default false. */
  allowPartitionDecrease?: boolean;
}

/** The result of configuring a topic. Fields have the names of `TopicOptions`. */
export interface TopicOutcome {
  readonly topic: string;
  /** `left`: as it should be already, or not asked about (`skip`). `mismatched`: differences remain. */
  readonly action: 'created' | 'changed' | 'left' | 'mismatched';
  /** Fields that were changed. */
  readonly changed: readonly string[];
  /** Fields that differ still. */
  readonly mismatches: readonly TopicMismatch[];
  /** Configured fields that this broker does not have. */
  readonly unsupported: readonly string[];
}

/** Options of `topics.watch`. */
export interface WatchOptions {
  /** Ends the watching; closing the bus does as well. */
  signal?: AbortSignal;
  /** Called each time that changes were applied. */
  onApplied?: (outcomes: readonly TopicOutcome[]) => void;
  /** For a file that cannot be read or applied; it is logged in any case, and the running configuration stays. */
  onError?: (error: EbusError) => void;
}

/** A topics file that is being watched. */
export interface TopicsWatch extends AsyncDisposable {
  /** Ends the watching; resolves when an apply under way is done. Idempotent. */
  close(): Promise<void>;
}

/**
 * Declares topics to the broker. Asks it at configure time only; publishing never makes an administrative call.
 * Calls for one topic are carried out one after the other, in the order in which they were made.
 */
export interface TopicManager {
  /**
   * Creates the topic, or changes its differing settings, as far as the strategy allows. A persistence that changes
   * at run time moves this bus's live publishers and subscriptions over.
   * @throws TopicNameError, ConfigError for options that are wrong or that the governance forbids
   * @throws TopicMismatchError where differences remain and `onMismatch` is `fail`; nothing is remembered then
   * @throws UnsupportedError where the transport has no topics to administer
   */
  configure(topic: string, options: TopicOptions, how?: ConfigureOptions): Promise<TopicOutcome>;
  /**
   * Moves the topic to the other persistence, and changes nothing else of it: publishes under way finish where they are,
   * later ones go the new way, and each subscription of this bus handles the rest of the old way before it goes on
   * with the new one. Where a persistence comes with a retention (Kafka: 7 days, 1 hour), that is exchanged for the other
   * one's; a retention that is neither was chosen, and stays.
   * Resolves once publishers are moved and subscriptions are in position; they may still be finishing then.
   */
  setPersistence(topic: string, persistent: boolean): Promise<TopicOutcome>;
  /** The options configured here, without defaults: `{}` where there are none. */
  get(topic: string): TopicOptions;
  /** The settings on the broker. */
  describe(topic: string): Promise<TopicDescription | undefined>;
  /** The topics configured here. */
  list(): string[];
  /** Drops the configuration here; the broker's topic stays. False where there was none. */
  forget(topic: string): boolean;
  /**
   * Configures many topics, a few at a time. All of them are checked before the broker is asked for anything.
   * @throws ConfigError listing the problems of all of them
   * @throws TopicMismatchError with the mismatches of all topics, where `onMismatch` is `fail`
   * @throws TopicApplyError where some failed: it carries each one's error, and the outcomes of the others
   */
  apply(configs: Record<string, TopicOptions>, how?: ConfigureOptions): Promise<TopicOutcome[]>;
  /** A dry run of `apply`: the same checks, and the outcomes it would have. Never throws for a mismatch. */
  plan(configs: Record<string, TopicOptions>, how?: ConfigureOptions): Promise<TopicOutcome[]>;
  /**
   * Applies a topics file (YAML or JSON) now, and its changes as they are saved, until the signal or the bus ends it.
   * Topics that are taken out of the file are forgotten here. @throws what reading and `apply` throw, the first time
   */
  watch(file: string, options?: WatchOptions): Promise<TopicsWatch>;
}
