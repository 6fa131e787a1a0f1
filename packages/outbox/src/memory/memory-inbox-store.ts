/** An inbox in this process, for tests and demos. */
import { type Clock, systemClock } from '@ebus/core/driver';
import type { InboxStore } from '../inbox/inbox-store.js';
import { MemoryLocks, type MemoryTransaction, requireOpen } from './memory-transaction.js';

/** Behaves as the PostgreSQL store does; what it remembers is gone with the process. */
export class MemoryInboxStore implements InboxStore<MemoryTransaction> {
  readonly #clock: Clock;
  /** When each was handled, in monotonic time. */
  readonly #handled = new Map<string, number>();
  readonly #locks = new MemoryLocks();

  constructor(options: { clock?: Clock } = {}) {
    this.#clock = options.clock ?? systemClock;
  }

  async record(tx: MemoryTransaction, consumer: string, eventId: string): Promise<boolean> {
    requireOpen(tx, 'once');
    const key = JSON.stringify([consumer, eventId]);
    if (this.#handled.has(key) || tx.holds(key)) return false;
    await this.#locks.take(tx, key);
    if (this.#handled.has(key)) return false;
    tx.onCommit(() => this.#handled.set(key, this.#clock.monotonic()));
    return true;
  }

  async prune(age: number, limit = 1000): Promise<number> {
    const before = this.#clock.monotonic() - age;
    let deleted = 0;
    for (const [key, at] of this.#handled) {
      if (deleted >= limit || at >= before) break;
      this.#handled.delete(key);
      deleted++;
    }
    return deleted;
  }
}
