/** A group on a topic: where it starts, how far it is behind, and how a member leaves. */
import type { PartitionLag, SubscriptionSpec } from '@ebus/core/driver';
import type { Link } from './link.js';
import { missing } from './sender.js';

/** A group that is there keeps its position. Answers whether the topic is there. */
const JOIN = `
WITH joined AS (
  INSERT INTO $S.groups (topic, name, durable, read_up_to)
  SELECT name, $2, $3, CASE
    WHEN $4 = 'earliest' THEN 0
    WHEN $4 = 'latest' THEN coalesce((SELECT max(id) FROM $S.messages WHERE topic = $1), 0)
    ELSE coalesce((SELECT min(id) - 1 FROM $S.messages WHERE topic = $1 AND stored_at >= $5),
                  (SELECT max(id) FROM $S.messages WHERE topic = $1), 0) END
  FROM $S.topics WHERE name = $1
  ON CONFLICT DO NOTHING
)
SELECT 1 FROM $S.topics WHERE name = $1`;

const RELEASE_ALL = `
UPDATE $S.deliveries SET owner = NULL, lease_until = '-infinity' WHERE topic = $1 AND group_name = $2 AND owner = $3`;

const LAG = `
SELECT coalesce(min(d.id) - 1, g.read_up_to) AS settled, count(d.id) AS unsettled,
  count(d.id) FILTER (WHERE d.lease_until < clock_timestamp()) AS waiting,
  (SELECT count(*) FROM $S.messages m WHERE m.topic = $1 AND m.id > g.read_up_to) AS beyond,
  1000 * extract(epoch FROM clock_timestamp() - least(
    (SELECT min(m.stored_at) FROM $S.messages m WHERE m.id = min(d.id)),
    (SELECT m.stored_at FROM $S.messages m WHERE m.topic = $1 AND m.id > g.read_up_to ORDER BY m.id LIMIT 1)
  )) AS age
FROM $S.groups g LEFT JOIN $S.deliveries d ON d.topic = g.topic AND d.group_name = g.name
WHERE g.topic = $1 AND g.name = $2 GROUP BY g.read_up_to`;

interface LagRow {
  readonly settled: string;
  readonly unsettled: string;
  readonly waiting: string;
  readonly beyond: string;
  /** Milliseconds, of the oldest unsettled message. */
  readonly age: string | null;
}

type GroupSpec = Pick<SubscriptionSpec, 'topic' | 'group' | 'durable'>;

/** Pins where a new group starts: what is published once this has resolved is received, also by a later process. */
export async function join(link: Link, spec: GroupSpec, from: SubscriptionSpec['from']): Promise<void> {
  const [kind, date] = from instanceof Date ? ['date', from] : [from, null];
  const found = await link.query(JOIN, [spec.topic, spec.group, spec.durable, kind, date]);
  if (found.length === 0) throw missing(spec.topic);
}

/** A group that claims to have read messages that never were: a database that was restored has an earlier end. */
const REWIND = 'UPDATE $S.groups SET read_up_to = 0 WHERE topic = $1 AND name = $2';

/** Puts right what `claim` found amiss; everything in the log that is there now is new to the group. */
export async function recover(link: Link, spec: GroupSpec, error: unknown): Promise<void> {
  const { code } = error as { code?: unknown };
  // The topic was deleted, and its groups with it; perhaps it was made anew.
  if (code === 'EB404') await join(link, spec, 'earliest');
  if (code === 'EB416') await link.query(REWIND, [spec.topic, spec.group]);
}

/** What the member holds goes to the others at once; a group that is not durable ends with its member. */
export async function leave(link: Link, spec: GroupSpec, owner: string, signal: AbortSignal): Promise<void> {
  const { topic, group, durable } = spec;
  if (durable) await link.query(RELEASE_ALL, [topic, group, owner], signal);
  else await link.query('DELETE FROM $S.groups WHERE topic = $1 AND name = $2', [topic, group], signal);
  await link.query("SELECT pg_notify('$S', $1)", [topic], signal);
}

/** One partition: the topic. */
export async function lag(link: Link, spec: GroupSpec, signal: AbortSignal): Promise<PartitionLag[]> {
  const [row] = await link.query<LagRow>(LAG, [spec.topic, spec.group], signal);
  if (row === undefined) throw missing(spec.topic);
  const [settled, beyond] = [BigInt(row.settled), Number(row.beyond)];
  return [
    {
      partition: 0,
      lag: Number(row.unsettled) + beyond,
      unread: Number(row.waiting) + beyond,
      position: settled,
      settled,
      ...(row.age === null ? {} : { oldestAgeMs: Math.max(0, Number(row.age)) }),
    },
  ];
}
