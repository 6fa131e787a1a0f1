/** Topic administration: what a driver can create, alter and describe. Deciding what to do is core's. */
import type { CallOptions } from './driver.js';
import type { Persistence } from './message.js';

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** What configuring a topic may do on the broker. */
export type TopicConfigStrategy = 'skip' | 'createOnly' | 'createOrUpdate' | 'validateOnly';

/** A topic's settings in plain units; a field that is left out is the broker's affair. */
export interface TopicSpec {
  readonly persistence: Persistence;
  readonly retentionMs?: number;
  readonly maxBytes?: number;
  readonly maxMessages?: number;
  readonly replicas?: number;
  readonly partitions?: number;
  readonly compression?: Compression;
  readonly compressionLevel?: number;
  readonly description?: string;
}

/** What the broker really has. */
export type TopicDescription = { readonly name: string } & Partial<TopicSpec>;

export interface DriverTopicAdmin {
  /** The fields that this broker has for a topic; others are reported as unsupported, never ignored. */
  readonly supports: ReadonlySet<keyof TopicSpec>;
  describe(topic: string, options: CallOptions): Promise<TopicDescription | undefined>;
  /** Creates it; a topic that exists by now is no error (two processes may configure at once). */
  create(topic: string, spec: TopicSpec, options: CallOptions): Promise<void>;
  /** Changes just the fields given. */
  alter(topic: string, changes: Partial<TopicSpec>, options: CallOptions): Promise<void>;
}
