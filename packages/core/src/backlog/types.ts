/** The public shapes of backlog. */
import type { PartitionLag } from '../driver/subscription.js';

/** By the highest ratio of value to limit; `CRITICAL` is the worst. */
export type BacklogSeverity = 'NORMAL' | 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';

/** One look at the queue of publishes. */
export interface PublisherBacklogState {
  /** One of the three is above its limit. */
  readonly hasBacklog: boolean;
  /** Publishes that wait or are in flight. */
  readonly queueDepth: number;
  /** Publishes per second that ended, well or not, since the last look. */
  readonly publishRate: number;
  /** Of those, from the call to the outcome; 0 where there were none. */
  readonly avgPublishLatencyMs: number;
  /** The largest of value to limit, at most 1. */
  readonly backlogRatio: number;
  readonly severity: BacklogSeverity;
  readonly timestamp: Date;
}

/** One look at a subscription. */
export interface SubscriberBacklogState {
  /** The lag of a partition, or the age of the oldest unsettled message, is above its limit. */
  readonly hasBacklog: boolean;
  /** Over all partitions. */
  readonly lagCount: number;
  /** Age of the oldest unsettled message; 0 where there is none, or it is unknown. */
  readonly lagTimeMs: number;
  readonly topic: string;
  readonly consumerGroup: string;
  readonly partitions: readonly PartitionLag[];
  readonly timestamp: Date;
  readonly error?: undefined;
}

/** The lag could not be asked for: that is not a lag of zero. */
export interface SubscriberBacklogError {
  readonly topic: string;
  readonly consumerGroup: string;
  readonly timestamp: Date;
  readonly error: unknown;
}

/** One look at a subscription: its state, or the error that kept it from being known. */
export type SubscriberBacklogEvent = SubscriberBacklogState | SubscriberBacklogError;

interface Monitor {
  /** Begins to look, first after one interval. Idempotent. */
  start(): Promise<void>;
  /** Looks no more; resolves when no look is under way. May be started again. */
  stop(): Promise<void>;
  readonly running: boolean;
}

/** Watches the backlog of publishes. Emits `publisherBacklog` on each change of severity, and while backlogged. */
export interface PublisherBacklog extends Monitor {
  /** The state at the last look; undefined before the first one. */
  state(): PublisherBacklogState | undefined;
}

/**
 * Watches the backlog of subscriptions. Emits `subscriberBacklog` while backlogged, once when cleared, and for
 * errors.
 */
export interface SubscriberBacklog extends Monitor {
  /** The state of each subscription at the last look. */
  states(): readonly SubscriberBacklogEvent[];
}

/** `bus.backlog`: both monitors. Neither runs until it is started, by hand or by the configuration. */
export interface Backlog {
  readonly publisher: PublisherBacklog;
  readonly subscriber: SubscriberBacklog;
}
