/** The broker's topics in figures, and the groups that read them. For operators: no message depends on it. */
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
  readonly logs: readonly LogEnds[];
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
  /** Unsettled messages of all partitions. Where the broker counts several topics of the group together: of all of them. */
  readonly lag: number;
  /** Of the lag, messages that a member was given. */
  readonly unsettled?: number;
  readonly partitions: readonly GroupLag[];
}
