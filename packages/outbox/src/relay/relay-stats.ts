/** What a relay tells of itself. */
import type { OutboxStats } from '../store.js';

export interface RelayStats extends OutboxStats {
  /** Milliseconds since the event at `oldestAt` was saved; 0 where there is none. The lag of the outbox. */
  readonly oldestAgeMs: number;
  /** Events that this relay has published since it was made. */
  readonly published: number;
  /** Publishes that failed in this relay, those that were tried again included. */
  readonly publishFailures: number;
  /** Events that this relay gave up as `failed`. */
  readonly gaveUp: number;
  /** Events that this relay has leased now. */
  readonly held: number;
  readonly running: boolean;
  /** The error that the store gave last; undefined once it answers. */
  readonly storeError: unknown;
}

/** The part that needs no question to the store. */
export type OwnFigures = Omit<RelayStats, keyof OutboxStats | 'oldestAgeMs'>;

export function relayStats(store: OutboxStats, own: OwnFigures, now: number): RelayStats {
  const { oldestAt } = store;
  return {
    ...store,
    ...own,
    oldestAgeMs: oldestAt === undefined ? 0 : Math.max(0, now - oldestAt.getTime()),
  };
}
