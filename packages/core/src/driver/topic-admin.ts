/** Topic administration: a driver creates, alters and describes. Decisions are core's. */
import type { CallOptions } from './call-options.js';
import type { Persistence } from './message.js';
import type { NewTopicSpec, TopicDescription, TopicSpec } from './topic-description.js';
import type { BrokerFigures, GroupFigures, TopicFigures } from './topic-figures.js';

export type { ConsumerDescription } from './consumer-description.js';
export type { Compression, NewTopicSpec, TopicDescription, TopicSpec } from './topic-description.js';

/** Permitted changes on the broker when a topic is configured. */
export type TopicConfigStrategy = 'skip' | 'createOnly' | 'createOrUpdate' | 'validateOnly';

/** How a topic is about to be used. */
export interface EnsureSpec {
  readonly persistence: Persistence;
  readonly use: 'publish' | 'subscribe';
  /** Its settings where it has to be made. Left out: it is not made. */
  readonly create?: NewTopicSpec | undefined;
}

/** A topic that is there. */
export interface EnsuredTopic {
  /** Whether this call has made it. */
  readonly created: boolean;
  /** As far as it is known without rights to administer, or was looked up anyway. */
  readonly description?: TopicDescription | undefined;
}

/** Administration of topics, one topic a call. Core decides and compares; a driver only asks and executes. */
export interface DriverTopicAdmin {
  /**
   * Core calls it before a topic's first publish or subscription, and again after `TOPIC_NOT_FOUND`; elsewhere a driver answers
   * `TOPIC_NOT_FOUND` and makes nothing. Makes the topic where it is missing and `create` is given; what two processes make at once is
   * made once. A question of the data plane: cheap, without rights to administer where it is there. Core's `reconcile` judges the
   * description: use it, change it (`alter`), tell a mismatch, or refuse it. May answer at once.
   * @throws EbusError `TOPIC_NOT_FOUND` where it is missing and not to be made
   */
  ensure?(topic: string, spec: EnsureSpec, options: CallOptions): EnsuredTopic | Promise<EnsuredTopic>;
  /**
   * The fields that this broker has for a topic; others are reported as unsupported, never ignored. Asked anew each time: it may
   * depend on the server's version, and is the smaller set before the first connection.
   */
  readonly supports: ReadonlySet<keyof TopicSpec>;
  /**
   * `setting`, the default: a topic has one persistence, which `alter` changes for everybody. `route`: persistent and
   * ephemeral messages of a topic go separate ways, and the ephemeral one needs nothing on the broker; `alter` is never
   * asked to change the persistence, and core moves publishers and subscriptions over instead.
   */
  readonly persistenceIs?: 'setting' | 'route';
  /** `alter` can also take partitions away. Default: only add some. */
  readonly canReducePartitions?: boolean;
  /**
   * Defaults of a new topic of that persistence, where they differ from core's. Where `persistenceIs` a setting, a topic
   * that is moved exchanges the defaults of the former persistence for these.
   */
  defaults?(persistence: Persistence): Partial<TopicSpec>;
  describe(topic: string, options: CallOptions): Promise<TopicDescription | undefined>;
  /**
   * Creates it; fields that the spec leaves out are left to the broker. A topic that exists by now is no error (two
   * processes may configure at once): resolves with `false` then, and core compares it again.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a driver that answers nothing has created it.
  create(topic: string, spec: NewTopicSpec, options: CallOptions): Promise<boolean | void>;
  /** Changes just the fields given. */
  alter(topic: string, changes: Partial<TopicSpec>, options: CallOptions): Promise<void>;
  /**
   * The topics of these names, or all that this login may see; those that are not there are left out, and so is what the
   * broker keeps for itself. In no order. Present where `capabilities` say `inspect`.
   */
  listTopics?(names: readonly string[] | undefined, options: CallOptions): Promise<readonly TopicFigures[]>;
  /**
   * The groups that read a topic or have a position in it, ebus' own or not; readers that `browse` are none. In no order. Present
   * with `listTopics`. @throws EbusError `TOPIC_NOT_FOUND`
   */
  listGroups?(topic: string, options: CallOptions): Promise<readonly GroupFigures[]>;
  /** The broker itself, as far as this login may know. Present with `listTopics`. */
  describeBroker?(options: CallOptions): Promise<BrokerFigures>;
  /**
   * Whether this login may publish to a topic that is there: the broker is asked, or refuses or takes an attempt that it never
   * stores. No consumer of the topic gets anything. Present with `listTopics`. @throws EbusError `TOPIC_NOT_FOUND`
   */
  mayPublish?(topic: string, options: CallOptions): Promise<boolean>;
  /**
   * The rights that this login lacks to consume a topic that is there as a member of the group, in the broker's words; those that the
   * broker does not tell of are left out. Joins nothing. Present with `listTopics`. @throws EbusError `TOPIC_NOT_FOUND`
   */
  missingRights?(topic: string, group: string, options: CallOptions): Promise<readonly string[]>;
}
