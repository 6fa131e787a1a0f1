/** Looks at a topic without taking anything: reads rows, page by page. */
import { abortError, type BrowseSpec, type CallOptions, type IncomingMessage } from '@ebus/core/driver';
import type { Link } from './link.js';
import { type MessageRow, toMessage } from './mapping.js';

/** All messages, or those that a group has not settled. A group that is not there has settled nothing. */
const PAGE = `
SELECT m.* FROM $S.messages m LEFT JOIN $S.groups g ON g.topic = m.topic AND g.name = $2
WHERE m.topic = $1 AND m.id > $3 AND m.id <= $4 AND ($5::timestamptz IS NULL OR m.stored_at >= $5) AND (g.name IS NULL OR m.id > g.read_up_to OR EXISTS (
  SELECT 1 FROM $S.deliveries d WHERE d.topic = m.topic AND d.group_name = g.name AND d.id = m.id
))
ORDER BY m.id LIMIT 200`;

export async function* browse(
  link: () => Link,
  { topic, from }: BrowseSpec,
  { signal }: CallOptions,
): AsyncGenerator<IncomingMessage> {
  const check = () => {
    if (signal.aborted) throw abortError(signal, `looking at '${topic}'`);
  };
  check();
  const group = typeof from === 'object' && 'group' in from ? from.group : null;
  const since = from instanceof Date ? from : null;
  const [{ end } = { end: null }] = await link().query<{ end: string | null }>(
    'SELECT max(id) AS end FROM $S.messages WHERE topic = $1',
    [topic],
  );
  let last = typeof from === 'object' && 'at' in from ? String(BigInt(from.at.get(0) ?? 1) - 1n) : '0';
  while (end !== null) {
    check();
    const rows = await link().query<MessageRow>(PAGE, [topic, group, last, end, since]);
    for (const row of rows) {
      check();
      yield toMessage(topic, row);
    }
    const final = rows.at(-1);
    if (final === undefined) return;
    last = final.id;
  }
}
