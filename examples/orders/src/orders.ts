/** The order service: each change of an order is committed together with its event. */
import type { Outboxed } from '@ebus/outbox';
import type { Queryable } from '@ebus/outbox/postgres';
import type { Database } from './database.js';

export const ORDERS_TOPIC = 'shop.orders';

export interface OrderEvent {
  readonly total: number;
  readonly status: string;
}

/** An order as it stands in the table. */
export interface Order extends OrderEvent {
  readonly id: string;
  readonly version: number;
}

/** The caller can mend it; the HTTP server answers with `status`. */
export class OrderError extends Error {
  readonly status: 404 | 409 | 422;
  constructor(status: 404 | 409 | 422, message: string) {
    super(message);
    this.status = status;
  }
}

const STEPS = {
  pay: { from: 'placed', to: 'paid', eventType: 'OrderPaid' },
  ship: { from: 'paid', to: 'shipped', eventType: 'OrderShipped' },
} as const;

export type Step = keyof typeof STEPS;
export const isStep = (name: string): name is Step => Object.hasOwn(STEPS, name);

export class Orders {
  readonly #database: Database;
  readonly #outbox: Outboxed<Queryable>;

  constructor(database: Database, outbox: Outboxed<Queryable>) {
    this.#database = database;
    this.#outbox = outbox;
  }

  /** @throws OrderError where the total is not a positive whole number: nothing is stored and nothing published */
  place(total: number): Promise<Order> {
    return this.#database.transaction(async (tx) => {
      const [row] = await rows(tx, "SELECT nextval('order_number')::int AS number");
      const order: Order = { id: `order-${row?.number}`, total, status: 'placed', version: 1 };
      await this.#publish(tx, 'OrderPlaced', order);
      // Checked after the event was saved, to show that a rollback takes it back.
      if (!Number.isSafeInteger(total) || total <= 0 || total > 1_000_000) {
        throw new OrderError(422, 'the total must be a whole number from 1 to 1,000,000');
      }
      await tx.query('INSERT INTO orders (id, total, status, version) VALUES ($1, $2, $3, 1)', [
        order.id,
        total,
        order.status,
      ]);
      return order;
    });
  }

  /** @throws OrderError where there is no such order, or it is not at the step before */
  advance(id: string, step: Step): Promise<Order> {
    const { from, to, eventType } = STEPS[step];
    return this.#database.transaction(async (tx) => {
      const [order] = await rows(
        tx,
        `UPDATE orders SET status = $3, version = version + 1, changed_at = clock_timestamp()
         WHERE id = $1 AND status = $2 RETURNING id, total, status, version`,
        [id, from, to],
      );
      if (order === undefined) {
        const [found] = await rows(tx, 'SELECT status FROM orders WHERE id = $1', [id]);
        if (found === undefined) throw new OrderError(404, `there is no order '${id}'`);
        throw new OrderError(
          409,
          `order '${id}' is ${found.status}; only an order that is ${from} can be ${to}`,
        );
      }
      await this.#publish(tx, eventType, order as unknown as Order);
      return order as unknown as Order;
    });
  }

  #publish(tx: Queryable, eventType: string, { id, version, total, status }: Order): Promise<unknown> {
    const payload: OrderEvent = { total, status };
    const event = { aggregateId: id, eventType, eventVersion: version, payload };
    return this.#outbox.publishEnvelope(tx, ORDERS_TOPIC, event, { aggregateType: 'order' });
  }
}

export async function rows(
  client: Queryable,
  text: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  return (await client.query(text, values)).rows;
}
