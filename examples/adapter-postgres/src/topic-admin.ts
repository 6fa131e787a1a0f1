/** Topics: rows of a table. */
import type { DriverTopicAdmin, TopicDescription, TopicSpec } from '@ebus/core/driver';
import type { Link } from './link.js';
import { missing } from './sender.js';

interface TopicRow {
  readonly retention_ms: string;
  readonly description: string | null;
}

const COLUMNS = {
  retentionMs: 'retention_ms',
  description: 'description',
} as const;

export function topicAdmin(link: () => Link): DriverTopicAdmin {
  return {
    supports: new Set<keyof TopicSpec>(['persistence', 'retentionMs', 'description']),

    async exists(topic) {
      return (await link().query('SELECT 1 FROM $S.topics WHERE name = $1', [topic])).length > 0;
    },

    async describe(topic) {
      const [row] = await link().query<TopicRow>('SELECT * FROM $S.topics WHERE name = $1', [topic]);
      return row === undefined ? undefined : toDescription(topic, row);
    },

    async create(topic, { retentionMs = 0, description = null }) {
      const made = await link().query(
        'INSERT INTO $S.topics (name, retention_ms, description) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1',
        [topic, retentionMs, description],
      );
      return made.length > 0;
    },

    async alter(topic, changes) {
      const fields = Object.entries(COLUMNS).filter(
        ([field]) => changes[field as keyof typeof COLUMNS] !== undefined,
      );
      const assignments = fields.map(([, column], i) => `${column} = $${i + 2}`);
      const values = fields.map(([field]) => changes[field as keyof typeof COLUMNS]);
      const sql = `UPDATE $S.topics SET ${assignments.join(', ')} WHERE name = $1 RETURNING 1`;
      if (fields.length > 0 && (await link().query(sql, [topic, ...values])).length === 0)
        throw missing(topic);
    },
  };
}

function toDescription(name: string, row: TopicRow): TopicDescription {
  return {
    name,
    persistence: 'persistent',
    ...(row.retention_ms === '0' ? {} : { retentionMs: Number(row.retention_ms) }),
    ...(row.description === null ? {} : { description: row.description }),
  };
}
