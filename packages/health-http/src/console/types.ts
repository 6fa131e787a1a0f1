/** The data that the page shows, as JSON. Shared by the server and the page. */

/** One answer that takes time: not yet there, there, failed (with the last one that succeeded), or not to be had. */
export type Part<T> =
  | { readonly state: 'waiting' }
  | { readonly state: 'ok'; readonly at: string; readonly value: T }
  | { readonly state: 'failed'; readonly reason: string; readonly at?: string; readonly value?: T }
  | { readonly state: 'unsupported'; readonly reason: string };

/** Of a check, and of all together: the worst one. */
export type Status = 'healthy' | 'degraded' | 'unhealthy';

/** One check of the bus or of the application. */
export interface CheckView {
  readonly name: string;
  readonly status: Status;
  readonly reason?: string;
}

/** The health report, without its figures. */
export interface HealthView {
  readonly status: Status;
  readonly draining: boolean;
  readonly checks: readonly CheckView[];
}

/** One subscription of this process, with its counters since it began. */
export interface SubscriptionView {
  readonly topic: string;
  readonly group: string;
  readonly deadLetterTopic: string;
  readonly perSecond: number | null;
  readonly inFlight: number;
  readonly running: number;
  readonly oldestMs: number;
  readonly paused: boolean;
  readonly halted: number;
  readonly parked: number;
  readonly received: number;
  readonly handled: number;
  readonly failedAttempts: number;
  readonly retried: number;
  readonly deadLettered: number;
  readonly discarded: number;
}

/** A key that stands still in this process. */
export interface HaltedView {
  readonly topic: string;
  readonly group: string;
  /** Empty: the whole, unordered subscription. */
  readonly key: string;
  readonly position: string;
  readonly error: string;
  readonly attempts: number;
  readonly ageMs: number;
  readonly payload: PayloadView;
}

/** A key whose messages wait as dead letters. */
export interface ParkedView {
  readonly topic: string;
  readonly deadLetterTopic: string;
  readonly group: string;
  readonly key: string;
  readonly letters: number;
  readonly since?: string;
  readonly code?: string;
  readonly error?: string;
}

/** A group of a topic. Figures that the broker does not tell are null. */
export interface GroupView {
  readonly group: string;
  readonly byEbus: boolean;
  readonly members: number | null;
  readonly lag: number;
  readonly unsettled: number | null;
}

/** A topic on the broker. Figures that the broker does not tell are null. */
export interface TopicView {
  readonly name: string;
  readonly messages: number | null;
  readonly bytes: number | null;
  readonly newestAt?: string;
  readonly partitions: number;
  /** Set for dead-letter topics: at most so many letters wait. */
  readonly waiting?: number;
  readonly groups: readonly GroupView[];
  /** Why the groups are not known. */
  readonly groupsError?: string;
}

/** The topics that the login may see, by name. */
export interface BrokerView {
  readonly topics: readonly TopicView[];
  /** Topics that are left out, because there are so many. */
  readonly more: number;
}

/** An action of an operator. */
export interface JobView {
  readonly id: string;
  readonly action: ActionName;
  readonly topic: string;
  /** A key, a position, a number of letters. */
  readonly about: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly startedAt: string;
  /** In words. */
  readonly outcome: string;
  readonly progress?: { readonly redriven: number; readonly total: number };
}

/** Actions of operators. `retry` and `skip` are for halted keys. */
export type ActionName = 'redrive' | 'delete' | 'retry' | 'skip';

/** All that the page shows but the letters: whole, so that one may be missed. */
export interface Snapshot {
  readonly at: string;
  readonly service: string;
  readonly transport: string;
  readonly allowActions: boolean;
  /** With `{traceId}` in it. */
  readonly traceLink?: string;
  readonly connection: { readonly status: string; readonly since: string; readonly error?: string };
  readonly health: Part<HealthView>;
  readonly subscriptions: readonly SubscriptionView[];
  readonly halted: readonly HaltedView[];
  readonly haltedMore: number;
  readonly broker: Part<BrokerView>;
  readonly parked: Part<readonly ParkedView[]>;
  readonly jobs: readonly JobView[];
}

/** A payload as text; never more than its limit. */
export interface PayloadView {
  readonly kind: 'json' | 'text' | 'bytes' | 'tombstone' | 'masked';
  readonly text: string;
  /** Of the whole payload. */
  readonly bytes: number;
  readonly cut: boolean;
}

/** A letter in the list. The broker's positions and what the failure wrote down; unknown ones are left out. */
export interface LetterView {
  readonly position: string;
  readonly topic?: string;
  readonly originalPosition?: string;
  readonly group?: string;
  readonly key?: string;
  readonly parkedKey?: string;
  readonly error?: string;
  readonly code?: string;
  readonly attempts: number | null;
  readonly failedAt?: string;
  readonly traceId?: string;
  readonly payload: PayloadView;
}

/** One letter wholly, but for the end of a large payload. */
export interface LetterDetails extends LetterView {
  readonly messageId?: string;
  readonly publishedAt?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A page of letters, oldest first. */
export interface LettersPage {
  readonly topic: string;
  readonly letters: readonly LetterView[];
  readonly page: number;
  /** Letters that fit, up to `counted`. */
  readonly total: number;
  /** There are more than were counted. */
  readonly isMore: boolean;
  readonly size: number;
}
