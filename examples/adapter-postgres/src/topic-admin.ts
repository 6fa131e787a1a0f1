/** Topics: rows of a table. Each keeps its messages: there are no ephemeral ones. */
import {
  type DriverTopicAdmin,
  type EnsuredTopic,
  type EnsureSpec,
  type NewTopicSpec,
  type TopicDescription,
  type TopicSpec,
  UnsupportedError,
} from '@ebus/core/driver';
import type { Link } from './link.js';
import { missing } from './sender.js';

interface TopicRow {
  readonly retention_ms: string;
  readonly description: string | null;
}

const COLUMNS = { retentionMs: 'retention_ms', description: 'description' } as const;

export class TopicAdmin implements DriverTopicAdmin {
  readonly supports = new Set<keyof TopicSpec>(['retentionMs', 'description']);
  readonly #link: () => Link;

  constructor(link: () => Link) {
    this.#link = link;
  }

  async ensure(topic: string, { create }: EnsureSpec): Promise<EnsuredTopic> {
    const found = await this.describe(topic);
    if (found !== undefined) return { created: false, description: found };
    if (create === undefined) throw missing(topic);
    const created = await this.create(topic, create);
    return { created, description: await this.describe(topic) };
  }

  async describe(topic: string): Promise<TopicDescription | undefined> {
    const [row] = await this.#link().query<TopicRow>('SELECT * FROM $S.topics WHERE name = $1', [topic]);
    if (row === undefined) return undefined;
    return {
      name: topic,
      persistence: 'persistent',
      ...(row.retention_ms === '0' ? {} : { retentionMs: Number(row.retention_ms) }),
      ...(row.description === null ? {} : { description: row.description }),
      retentionKind: 'limits',
      acknowledged: true,
      storage: 'file',
      writable: true,
      madeBy: 'ebus',
    };
  }

  async create(topic: string, spec: NewTopicSpec): Promise<boolean> {
    refuseEphemeral(topic, spec);
    const { retentionMs = 0, description = null } = spec;
    const made = await this.#link().query(
      'INSERT INTO $S.topics (name, retention_ms, description) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1',
      [topic, retentionMs, description],
    );
    return made.length > 0;
  }

  async alter(topic: string, changes: Partial<TopicSpec>): Promise<void> {
    refuseEphemeral(topic, changes);
    for (const [field, column] of Object.entries(COLUMNS)) {
      const value = changes[field as keyof typeof COLUMNS];
      if (value === undefined) continue;
      const sql = `UPDATE $S.topics SET ${column} = $2 WHERE name = $1 RETURNING 1`;
      if ((await this.#link().query(sql, [topic, value])).length === 0) throw missing(topic);
    }
  }
}

function refuseEphemeral(topic: string, { persistence }: Partial<TopicSpec>): void {
  if (persistence !== 'ephemeral') return;
  throw new UnsupportedError(
    `topic '${topic}' cannot be ephemeral on PostgreSQL: every message is stored; configure persistence: 'persistent'`,
  );
}
