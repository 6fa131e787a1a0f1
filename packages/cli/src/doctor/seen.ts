/** What the doctor looks at: facts, without a judgement. */
import type { Capabilities, GroupFigures, TopicFigures, TopicOptions, TopicOutcome } from '@ebus/core';

/** An answer, or why there is none. */
export type Answer<T> =
  | { readonly value: T }
  | { readonly error: { readonly code: string; readonly text: string } };

/** A topic of the configuration, or the dead-letter topic of one. */
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
  /** At most `MOST_LETTERS`. */
  readonly deadLetters: Answer<{ readonly count: number; readonly oldest: Date | undefined }>;
}

/** More dead letters are not counted. */
export const MOST_LETTERS = 1_000;

/** Everything that was seen. */
export interface Seen {
  readonly transport: string;
  readonly serviceName: string | undefined;
  /** The addresses of the configuration, and whether it secures them. */
  readonly addresses: readonly string[];
  readonly isSecured: boolean;
  readonly nodeVersion: string;
  readonly now: number;
  readonly capabilities: Capabilities;
  /** Of a round trip, in milliseconds; how many brokers there are is told by `replicas` alone. */
  readonly topics: readonly SeenTopic[];
  readonly listing: Answer<unknown>;
}
