/** What the page shows, read from the database. */
import type { Database } from './database.js';
import { type Order, rows } from './orders.js';

/** A row of the outbox. */
export interface OutboxRow {
  readonly position: number;
  readonly aggregateId: string;
  readonly eventType: string;
  readonly eventVersion: number;
  readonly status: string;
  readonly leased: boolean;
}

export interface Tables {
  readonly orders: readonly Order[];
  readonly outbox: readonly OutboxRow[];
  readonly view: readonly Order[];
  readonly counts: {
    readonly orders: number;
    readonly pending: number;
    readonly published: number;
    /** Orders that the projection shows differently, or not yet. */
    readonly behind: number;
  };
}

const SHOWN = 40;

export async function readTables({ client }: Database): Promise<Tables> {
  const orders = await rows(
    client,
    `SELECT id, total, status, version FROM orders ORDER BY changed_at DESC, id LIMIT ${SHOWN}`,
  );
  const outbox = await rows(
    client,
    `SELECT position::int AS position, aggregate_id AS "aggregateId", event_type AS "eventType",
       event_version::int AS "eventVersion", status, coalesce(lease_until > clock_timestamp(), false) AS leased
     FROM outbox_events ORDER BY position DESC LIMIT ${SHOWN}`,
  );
  const view = await rows(
    client,
    `SELECT v.id, v.total, v.status, v.version FROM orders o LEFT JOIN order_view v USING (id)
     ORDER BY o.changed_at DESC, o.id LIMIT ${SHOWN}`,
  );
  const [counts] = await rows(
    client,
    `SELECT (SELECT count(*) FROM orders)::int AS orders,
       (SELECT count(*) FROM outbox_events WHERE status = 'pending')::int AS pending,
       (SELECT count(*) FROM outbox_events WHERE status = 'published')::int AS published,
       (SELECT count(*) FROM orders o LEFT JOIN order_view v USING (id)
          WHERE v.version IS DISTINCT FROM o.version OR v.status IS DISTINCT FROM o.status)::int AS behind`,
  );
  return { orders, outbox, view, counts } as unknown as Tables;
}
