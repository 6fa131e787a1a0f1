/** The broker's topics in figures, and the groups that read them. For operators: no message depends on it. */
import type { ConsumerDescription } from './consumer-description.js';
import type { OffsetValue } from './message.js';
import type { TopicDescription } from './topic-description.js';

/** The ends of one partition's log. Partitions that share one numbering are one log, and so is a topic without: partition 0. */
export interface LogEnds {
  readonly partition: number;
  /** The oldest message that is kept; where the log is empty, the same as `next`. */
  readonly first: OffsetValue;
  /** The next message will be here, or later. */
  readonly next: OffsetValue;
}

/** A topic on the broker: settings, size, and the ends of its logs. Left out: not known. */
export interface TopicFigures extends TopicDescription {
  /** Messages that are kept. Where compaction or transactions leave gaps, an upper bound. */
  readonly messages?: number;
  /** Their size on the broker, of one replica. */
  readonly bytes?: number;
  /** When the newest message was stored, by the broker's clock. */
  readonly newestAt?: Date;
  /** Partitions with fewer replicas in sync than they have. Left out: none, or not known. */
  readonly behindReplicas?: number;
  /** Partitions without a leader: nobody can read or write them. Left out: none. */
  readonly leaderless?: number;
  readonly logs: readonly LogEnds[];
  /** Limits of what holds the topic, and how much of each is used. */
  readonly room?: readonly Room[];
}

/** How much of a limit is used: of `messages`, `streams`; in bytes of `bytes`, `file storage`, `memory`. */
export interface Room {
  readonly of: string;
  readonly used: number;
  readonly limit: number;
}

/** How far a group is behind in one partition. */
export interface GroupLag {
  readonly partition: number;
  readonly lag: number;
  /** The next message that it has not settled is there, or later. Left out: it has settled none. */
  readonly position?: OffsetValue;
}

/** A group that reads a topic, ebus' own or not. Left out: not known. */
export interface GroupFigures {
  /** Its name; the broker's name of its consumer where that does not tell. */
  readonly group: string;
  /** `ebus`: its consumer has the name and the settings that ebus gives. */
  readonly madeBy?: 'ebus' | 'others';
  /** Members at present, on any topic; of brokers that do not count them, 1 where any is there. */
  readonly members?: number;
  /** How its members share partitions, where that keeps members of ebus out. */
  readonly foreignProtocol?: string;
  /** Unsettled messages of all partitions. Where the broker counts several topics of the group together: of all of them. */
  readonly lag: number;
  /** Of the lag, messages that a member was given. */
  readonly unsettled?: number;
  readonly partitions: readonly GroupLag[];
  /** The broker's consumers of the group, where it has such. */
  readonly consumers?: readonly ConsumerDescription[];
}

/** The broker itself. Left out: not known, or not for this login to know. */
export interface BrokerFigures {
  readonly version?: string;
  /** Brokers that are there. */
  readonly brokers?: number;
  /** The time by the broker's clock. */
  readonly now?: Date;
  /** Whether a topic is made because a client asks for it. */
  readonly makesTopics?: boolean;
  /** How long the positions of a group without members are kept. */
  readonly positionsKeptMs?: number;
  /** Copies of the positions of groups. */
  readonly positionsReplicas?: number;
  /** Bounds for how long a member of a group may be silent. */
  readonly sessionMs?: { readonly least: number; readonly most: number };
  /** A group takes no more members. */
  readonly mostMembers?: number;
  /** What of the account's room is used, where that has a limit. */
  readonly room?: readonly Room[];
}
