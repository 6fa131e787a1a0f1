/** The SQL of the outbox. Every value goes in as one JSON parameter or as text, so that any client can pass it. */
import type { Names } from './names.js';

/** Apart from the keys that applications lock. */
const LOCK_SEED = 7_310_033;

/** As in the index `outbox_events_held`. */
const HELD = `(status = 'failed' OR (status = 'pending' AND (lease_token IS NOT NULL OR available_at IS NOT NULL)))`;

/** What fits into a hash by the planner's reckoning. Events of further aggregates are found to be held one by one. */
const HELD_LIMIT = 50_000;

const LEASES = 'json_to_recordset($1::json) AS l(id text, token text)';

/** The SQL texts of one schema, by the name of the store's method. */
export type Statements = ReturnType<typeof statementsFor>;

/** Builds the SQL once per store. With `lockAggregates`, `save` takes an advisory lock per aggregate until the commit. */
export function statementsFor({ outbox, inbox, channel }: Names, lockAggregates: boolean) {
  return {
    save: saveSql(outbox, channel, lockAggregates),
    claim: claimSql(outbox),
    renew: `UPDATE ${outbox} o SET lease_until = clock_timestamp() + $2::float8 * interval '1 ms'
FROM ${LEASES} WHERE o.id = l.id AND o.lease_token = l.token AND o.status = 'pending'
RETURNING o.id`,
    markPublished: `UPDATE ${outbox} o
SET status = 'published', published_at = clock_timestamp(), lease_token = NULL, lease_until = NULL, available_at = NULL
FROM ${LEASES} WHERE o.id = l.id AND o.lease_token = l.token AND o.status = 'pending'
RETURNING o.id`,
    recordError: `UPDATE ${outbox} o
SET attempts = o.attempts + 1, retry_count = o.retry_count + f.counts::int, error_message = f.error,
    available_at = clock_timestamp() + f.delay * interval '1 ms',
    status = CASE WHEN f.final THEN 'failed' ELSE o.status END,
    lease_token = NULL, lease_until = NULL
FROM json_to_recordset($1::json) AS f(id text, token text, error text, delay float8, counts boolean, final boolean)
WHERE o.id = f.id AND o.lease_token = f.token AND o.status = 'pending'`,
    release: `UPDATE ${outbox} o SET lease_token = NULL, lease_until = NULL
FROM ${LEASES} WHERE o.id = l.id AND o.lease_token = l.token AND o.status = 'pending'`,
    retry: `UPDATE ${outbox} SET status = 'pending', retry_count = 0, attempts = 0, available_at = NULL
WHERE id = $1::text AND status = 'failed' RETURNING pg_notify('${literal(channel)}', '')::text`,
    skip: `UPDATE ${outbox} SET status = 'skipped', published_at = clock_timestamp()
WHERE id = $1::text AND status = 'failed' RETURNING pg_notify('${literal(channel)}', '')::text`,
    // Each part reads an index of its own that holds nothing but such rows.
    stats: `SELECT p.n::text AS pending, f.n::text AS failed, (
    SELECT (extract(epoch FROM o.created_at) * 1000)::text FROM ${outbox} o
    WHERE o.status = 'pending' AND o.aggregate_id NOT IN (
      SELECT aggregate_id FROM ${outbox} WHERE ${HELD} AND status = 'failed' LIMIT ${HELD_LIMIT})
    ORDER BY o.position LIMIT 1) AS oldest, (extract(epoch FROM clock_timestamp()) * 1000)::text AS now
FROM (SELECT count(*) AS n FROM ${outbox} WHERE status = 'pending') p,
  (SELECT count(*) AS n FROM ${outbox} WHERE ${HELD} AND status = 'failed') f`,
    prune: `DELETE FROM ${outbox} WHERE id IN (
  SELECT id FROM ${outbox} WHERE status IN ('published', 'skipped') AND published_at < clock_timestamp() - $1::float8 * interval '1 ms'
  ORDER BY published_at LIMIT $2::int FOR UPDATE SKIP LOCKED)
RETURNING 1::text AS deleted`,
    record: `INSERT INTO ${inbox} (consumer, event_id)
SELECT $1::text, $2::text WHERE $3::boolean OR pg_current_xact_id_if_assigned() IS NOT NULL
ON CONFLICT DO NOTHING RETURNING 'new' AS outcome`,
    pruneInbox: `DELETE FROM ${inbox} WHERE (consumer, event_id) IN (
  SELECT consumer, event_id FROM ${inbox} WHERE handled_at < clock_timestamp() - $1::float8 * interval '1 ms'
  ORDER BY handled_at LIMIT $2::int FOR UPDATE SKIP LOCKED)
RETURNING 1::text AS deleted`,
  };
}

/**
 * $1: the events. $2: whether the client is known to be in a transaction; where it is not, rows are written only if the
 * transaction has written before, which a single statement of its own never has.
 *
 * The locks of the aggregates come before the positions, which the insert draws: so positions of one aggregate grow with
 * the order of the commits. They are taken in the order of their keys, and end with the transaction.
 */
function saveSql(outbox: string, channel: string, lockAggregates: boolean): string {
  const keys = lockAggregates
    ? `SELECT DISTINCT hashtextextended('${literal(outbox)}:' || aggregate_id, ${LOCK_SEED}) AS key FROM event ORDER BY 1`
    : 'SELECT 0::bigint AS key WHERE false';
  return `WITH event AS MATERIALIZED (
  SELECT * FROM ROWS FROM (json_to_recordset($1::json) AS (id text, aggregate_id text, aggregate_type text, event_type text,
    event_version bigint, payload jsonb, topic text, occurred_at timestamptz, trace_id text, correlation_id text,
    tenant_id bigint, headers jsonb)) WITH ORDINALITY AS e
), lock AS MATERIALIZED (
  SELECT count(taken) AS n FROM (SELECT pg_advisory_xact_lock(key)::text AS taken FROM (${keys}) AS k) AS t
), saved AS (
  INSERT INTO ${outbox} (id, aggregate_id, aggregate_type, event_type, event_version, payload, topic, occurred_at,
    trace_id, correlation_id, tenant_id, headers)
  SELECT id, aggregate_id, aggregate_type, event_type, event_version, payload, topic, occurred_at,
    trace_id, correlation_id, tenant_id, headers
  FROM lock CROSS JOIN event
  WHERE lock.n >= 0 AND ($2::boolean OR pg_current_xact_id_if_assigned() IS NOT NULL)
  ORDER BY ordinality
  RETURNING 1
)
SELECT n::text AS saved, pg_notify('${literal(channel)}', '')::text AS told
FROM (SELECT count(*) AS n FROM saved) AS s WHERE n > 0`;
}

/**
 * $1: how many at most. $2: the token. $3: milliseconds of the lease.
 *
 * `held` are the aggregates of which an event is leased, waits for its next attempt, or failed; nothing of them is a
 * candidate. They are looked up in a hash, so that thousands of events that wait behind one cost little. `gap` is the
 * first unpublished event of an aggregate that could not be locked, or was changed by another relay since this statement
 * began; from there on nothing of its aggregate is taken.
 */
function claimSql(outbox: string): string {
  return `WITH held AS MATERIALIZED (
  SELECT aggregate_id FROM ${outbox}
  WHERE ${HELD} AND (status = 'failed' OR lease_until > now() OR available_at > now())
  LIMIT ${HELD_LIMIT}
), candidate AS MATERIALIZED (
  SELECT o.id, o.aggregate_id, o.position FROM ${outbox} o
  WHERE o.status = 'pending' AND (o.lease_until IS NULL OR o.lease_until <= now())
    AND (o.available_at IS NULL OR o.available_at <= now())
    AND o.aggregate_id NOT IN (SELECT aggregate_id FROM held)
  ORDER BY o.position LIMIT $1::int
  FOR UPDATE OF o SKIP LOCKED
), gap AS MATERIALIZED (
  SELECT a.aggregate_id, (
    SELECT e.position FROM ${outbox} e
    WHERE e.aggregate_id = a.aggregate_id AND e.status IN ('pending', 'failed')
      AND e.position NOT IN (SELECT position FROM candidate)
    ORDER BY e.position LIMIT 1) AS position
  FROM (SELECT DISTINCT aggregate_id FROM candidate) AS a
)
UPDATE ${outbox} o SET lease_token = $2::text, lease_until = clock_timestamp() + $3::float8 * interval '1 ms'
FROM candidate c JOIN gap g ON g.aggregate_id = c.aggregate_id
WHERE o.id = c.id AND (g.position IS NULL OR c.position < g.position)
RETURNING o.id, o.aggregate_id, o.aggregate_type, o.event_type, o.event_version::text, o.payload::text AS payload, o.topic,
  (extract(epoch FROM o.occurred_at) * 1000)::text AS occurred_at, o.trace_id, o.correlation_id, o.tenant_id::text,
  o.headers::text AS headers, o.position::text AS position, o.attempts::text, o.retry_count::text,
  (extract(epoch FROM o.created_at) * 1000)::text AS created_at`;
}

const literal = (text: string) => text.replaceAll("'", "''");
