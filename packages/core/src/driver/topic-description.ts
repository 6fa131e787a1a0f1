/** The settings of topics: wanted, and as a broker describes them. */
import type { Persistence } from './message.js';

/** How the messages of a topic are compressed, where the transport can. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

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

/** The settings of a new topic. */
export interface NewTopicSpec extends TopicSpec {
  /**
   * The largest message that it has to take, headers included. For dead-letter topics, which hold what others hold. To be
   * ignored where the broker has no such setting for a topic.
   */
  readonly maxMessageBytes?: number;
}

/** The broker's settings. A limit that is 0 or left out is none; so is a persistence unknown to it. */
export interface TopicDescription extends Partial<TopicSpec> {
  readonly name: string;
  /** The broker's object that holds the topic, where it has a name of its own, for messages: `stream 'ORDERS'`. */
  readonly heldBy?: string;
  /** The largest message that it takes, headers included, where that is a setting of the topic. */
  readonly maxMessageBytes?: number;
  /** False where the topic shares its settings with others, so that none can be changed for it alone. */
  readonly alterable?: boolean;

  // What a promise may break on. Left out: not known, and not judged.

  /**
   * When a message goes: by `limits` of age, number or size; by `compaction` of older messages of its key; once every consumer of the
   * moment has it (`interest`); or once one has (`workqueue`).
   */
  readonly retentionKind?: 'limits' | 'compaction' | 'interest' | 'workqueue';
  /** Whether a publisher is told that a message was stored. */
  readonly acknowledged?: boolean;
  /** `memory` does not survive the broker's restart. */
  readonly storage?: 'file' | 'memory';
  /** How many messages of one name (NATS: subject) are kept at most; 0 or left out: no such limit. */
  readonly maxMessagesPerSubject?: number;
  /** A full topic makes room for a new message (`old`), or refuses it (`new`). */
  readonly discard?: 'old' | 'new';
  /** Whether it can be written to; a mirror cannot. */
  readonly writable?: boolean;
  /** False where what is to hold the topic does not take messages of its name. */
  readonly takesName?: boolean;
  /** Stores messages under another name, where nobody looks for them. */
  readonly movedTo?: string;
  /** How long a message that is sent again is recognised. */
  readonly dedupeWindowMs?: number;
  /** Acknowledges messages before they are written. */
  readonly acknowledgesEarly?: boolean;
  /** Replicas that must have a message before it is acknowledged. */
  readonly minReplicasInSync?: number;
  /** A replica that lacks messages may become the leader: acknowledged messages go. */
  readonly uncleanElection?: boolean;
  /** Whose clock the timestamps of messages are from. */
  readonly timestamps?: 'publisher' | 'broker';
  /** Whether ebus made it. What others made is used and never changed unasked. */
  readonly madeBy?: 'ebus' | 'others';
}
