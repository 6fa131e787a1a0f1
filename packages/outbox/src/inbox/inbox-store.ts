/** The database interface of an inbox. */

/** Remembers which events a consumer has handled. `Tx` is the handle of an open transaction of the application. */
export interface InboxStore<Tx = unknown> {
  /**
   * Records within the transaction that the consumer handled the event. False where it did so before. Where another open
   * transaction has recorded the same, it waits for the end of that transaction.
   */
  record(tx: Tx, consumer: string, eventId: string): Promise<boolean>;
  /**
   * Deletes up to `limit` (default 1000) records that were made more than `age` milliseconds ago, by the store's clock.
   * Resolves with how many.
   */
  prune(age: number, limit?: number): Promise<number>;
}
