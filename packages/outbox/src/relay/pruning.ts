/** Deletes old events, in batches between two looks for new ones. */
import type { RelaySettings } from './relay-options.js';

/** Rows that one statement deletes. */
const BATCH = 1000;

const MAX_INTERVAL = 10 * 60_000;

/**
 * Decides when to prune, and prunes. The interval is a tenth of the retention, at most 10 minutes and at least
 * `pollInterval`.
 */
export class Pruning {
  readonly #settings: RelaySettings;
  #due: number;
  /** A full batch is followed by a look for events before the next one. */
  #rests = false;

  constructor(settings: RelaySettings) {
    this.#settings = settings;
    this.#due = settings.clock.monotonic() + this.#interval;
  }

  get #interval(): number {
    const { retention = Number.POSITIVE_INFINITY, pollInterval } = this.#settings;
    return Math.max(pollInterval, Math.min(retention / 10, MAX_INTERVAL));
  }

  get isDue(): boolean {
    if (this.#settings.retention === undefined || this.#settings.clock.monotonic() < this.#due) return false;
    this.#rests = !this.#rests;
    return this.#rests;
  }

  /** Resolves with how many were deleted. */
  async next(): Promise<number> {
    const { store, clock, retention = 0 } = this.#settings;
    const deleted = await store.prune(retention, BATCH);
    if (deleted < BATCH) this.#due = clock.monotonic() + this.#interval;
    return deleted;
  }
}
