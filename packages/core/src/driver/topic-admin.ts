/** Topic administration: what a driver can create, alter and describe. Deciding what to do is core's. */
import type { CallOptions } from './driver.js';
import type { Persistence } from './message.js';

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** What configuring a topic may do on the broker. */
export type TopicConfigStrategy = 'skip' | 'createOnly' | 'createOrUpdate' | 'validateOnly';

/**
 * A topic's settings in plain units; a field that is left out is the broker's affair. 0 in `retentionMs`, `maxBytes`
 * and `maxMessages` says "no limit", also where the broker writes that otherwise: the driver translates.
 */
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

/** What a topic is made with. */
export interface NewTopicSpec extends TopicSpec {
  /**
   * The largest message that it has to take, headers included. For dead-letter topics, which hold what others hold. To be
   * ignored where the broker has no such setting for a topic.
   */
  readonly maxMessageBytes?: number;
}

/** What the broker really has. Limits that are 0 or left out are none; so is a persistence that it knows nothing of. */
export interface TopicDescription extends Partial<TopicSpec> {
  readonly name: string;
  /** What holds the topic on the broker where that has a name of its own, for messages: `stream 'ORDERS'`. */
  readonly heldBy?: string;
  /** The largest message that it takes, headers included, where that is a setting of the topic. */
  readonly maxMessageBytes?: number;
  /** False where the topic shares its settings with others, so that none can be changed for it alone. */
  readonly alterable?: boolean;
}

export interface DriverTopicAdmin {
  /** The fields that this broker has for a topic; others are reported as unsupported, never ignored. */
  readonly supports: ReadonlySet<keyof TopicSpec>;
  /**
   * `setting`, the default: a topic has one persistence, which `alter` changes for everybody. `route`: persistent and
   * ephemeral messages of a topic go separate ways, and the ephemeral one needs nothing on the broker; `alter` is never
   * asked to change the persistence, and core moves publishers and subscriptions over instead.
   */
  readonly persistenceIs?: 'setting' | 'route';
  /**
   * What a new topic of that persistence is made with where it was not written, if not core's defaults. Where
   * `persistenceIs` a setting, a topic that is moved exchanges what the former persistence brought for what this brings.
   */
  defaults?(persistence: Persistence): Partial<TopicSpec>;
  /**
   * Whether the broker has the topic. Core asks once, before the first publish or subscription to a topic of which it does
   * not know, and creates it where that is wanted (`unconfiguredTopics`). A question of the data plane: cheap, without rights to
   * administer. Absent where the driver notices by itself that a topic is missing, and then calls `DriverHost.provision`.
   */
  exists?(topic: string, options: CallOptions): boolean | Promise<boolean>;
  describe(topic: string, options: CallOptions): Promise<TopicDescription | undefined>;
  /**
   * Creates it; what the spec leaves out is left to the broker. A topic that exists by now is no error (two processes may configure at once): resolves with `false`
   * then, and core looks again at what differs.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a driver that answers nothing has created it.
  create(topic: string, spec: NewTopicSpec, options: CallOptions): Promise<boolean | void>;
  /** Changes just the fields given. */
  alter(topic: string, changes: Partial<TopicSpec>, options: CallOptions): Promise<void>;
}
