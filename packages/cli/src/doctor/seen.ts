/** What the doctor looks at: facts, without a judgement. */
import type {
  BrokerFigures,
  Capabilities,
  GroupFigures,
  TopicFigures,
  TopicOptions,
  TopicOutcome,
} from '@ebus/core';

/** An answer, or why there is none. */
export type Answer<T> =
  | { readonly value: T }
  | { readonly error: { readonly code: string; readonly text: string } };

/** A topic of the configuration. */
export interface SeenTopic {
  readonly name: string;
  readonly configured: TopicOptions | undefined;
  /** What the configuration would change. */
  readonly plan: Answer<TopicOutcome | undefined>;
  /** Undefined where the broker does not have it. */
  readonly figures: Answer<TopicFigures | undefined>;
  readonly groups: Answer<readonly GroupFigures[]>;
  /** Reading one message. */
  readonly reading: Answer<unknown>;
  /** Whether this login may publish to it. */
  readonly publishing: Answer<boolean>;
  /** Rights that this login lacks to consume it in the service's group. */
  readonly missingRights: Answer<readonly string[]>;
  /** At most `MOST_LETTERS`. */
  readonly deadLetters: Answer<SeenLetters>;
  readonly deadLetterTopic: SeenDeadLetterTopic;
  /** By group: when the oldest message was published that it has not settled. Of groups that are behind, as far as it is known. */
  readonly oldestUnread: ReadonlyMap<string, Date>;
}

/** The dead letters of a topic. */
export interface SeenLetters {
  readonly count: number;
  readonly oldest: Date | undefined;
  readonly parkedKeys: number;
}

/** The topic for dead letters. */
export interface SeenDeadLetterTopic {
  readonly name: string;
  readonly figures: Answer<TopicFigures | undefined>;
  readonly publishing: Answer<boolean>;
}

/** More dead letters are not counted. */
export const MOST_LETTERS = 1_000;

/** What the service does with its topics: permissions for the rest are not missed. */
export type Role = 'publisher' | 'consumer' | 'both';

/** Of the configuration. */
export interface SeenConfig {
  readonly serviceName: string | undefined;
  readonly addresses: readonly string[];
  readonly isSecured: boolean;
  /** Certificates are not checked. */
  readonly isBlind: boolean;
  /** Topics that are missing are made when they are used. */
  readonly makesTopics: boolean;
  /** Limits are written for a stream that topics share. */
  readonly hasStream: boolean;
  /** NATS: that a full stream refuses messages is written. */
  readonly discardsNew?: boolean;
  /** Kafka: -1 is all. */
  readonly requiredAcks?: number | undefined;
  readonly sessionMs?: number;
  /** NATS. */
  readonly maxAckPending?: number | undefined;
  readonly ackWaitMs?: number | undefined;
}

/** Everything that was seen. */
export interface Seen {
  readonly transport: string;
  readonly role: Role;
  readonly config: SeenConfig;
  readonly nodeVersion: string;
  readonly capabilities: Capabilities;
  readonly listing: Answer<unknown>;
  readonly broker: Answer<BrokerFigures>;
  /** The time here before the broker was asked for its figures, and when it had answered. */
  readonly asked: number;
  readonly answered: number;
  /** The time here at the end. */
  readonly now: number;
  readonly topics: readonly SeenTopic[];
}
