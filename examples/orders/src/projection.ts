/** The consumer: keeps a view of the orders, each event applied once. */
import type { EventBus, Subscription } from '@ebus/core';
import { Inbox } from '@ebus/outbox';
import { PostgresInboxStore, type Queryable } from '@ebus/outbox/postgres';
import type { Database } from './database.js';
import { ORDERS_TOPIC, type OrderEvent } from './orders.js';

export class Projection {
  readonly #bus: EventBus;
  readonly #database: Database;
  readonly #inbox: Inbox<Queryable>;
  #failures = 0;
  #applied = 0;
  #duplicates = 0;

  constructor(bus: EventBus, database: Database) {
    this.#bus = bus;
    this.#database = database;
    this.#inbox = new Inbox(new PostgresInboxStore(database.client));
  }

  get counts(): { readonly applied: number; readonly duplicates: number } {
    return { applied: this.#applied, duplicates: this.#duplicates };
  }

  open(): Promise<Subscription> {
    return this.#bus.subscribeEnvelope<OrderEvent>(
      ORDERS_TOPIC,
      async ({ eventId, aggregateId, eventVersion, payload }) => {
        const { ran } = await this.#database.transaction((tx) =>
          this.#inbox.once(tx, 'projection', eventId, async () => {
            await tx.query(
              `INSERT INTO order_view (id, total, status, version) VALUES ($1, $2, $3, $4)
               ON CONFLICT (id) DO UPDATE SET total = $2, status = $3, version = $4`,
              [aggregateId, payload.total, payload.status, eventVersion],
            );
            // After the write, to show that the transaction takes it back, the inbox' record included.
            if (this.#failures > 0) {
              this.#failures--;
              throw new Error('the page asked this handler to fail');
            }
          }),
        );
        if (ran) this.#applied++;
        else this.#duplicates++;
      },
      { group: 'projection', retryBackoff: { base: '1s', jitter: false } },
    );
  }

  /** The next so many attempts fail. */
  failNext(attempts: number): void {
    this.#failures = attempts;
  }
}
