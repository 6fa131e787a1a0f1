/** A relay's figures. */
import type { OutboxStats } from '../store.js';

/** Figures of the outbox, of all relays together, and of this relay since it was made. */
export interface RelayStats extends OutboxStats {
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
