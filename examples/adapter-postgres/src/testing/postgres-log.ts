/** What the server holds, looked at and changed by plain SQL. */
import type { LogAccess, StoredMessage } from '@ebus/conformance';
import { Pool } from 'pg';
import { decodeHeaders, encodeHeaders } from '../mapping.js';

const DEADLOCK = '40P01';

export class PostgresLog implements LogAccess {
  readonly #url: () => string;
  readonly #schema: string;
  #pool: Pool | undefined;

  constructor(url: () => string, schema: string) {
    this.#url = url;
    this.#schema = schema;
  }

  async stored(topic: string): Promise<StoredMessage[]> {
    const rows = await this.query<{ value: Buffer; key: Buffer | null; headers: Buffer }>(
      'SELECT * FROM $S.messages WHERE topic = $1 ORDER BY id',
      [topic],
    );
    return rows.map(({ value, key, headers }) => ({
      value: value.toString(),
      ...(key === null ? {} : { key: key.toString() }),
      headers: Object.fromEntries(decodeHeaders(headers).map(([name, text]) => [name, String(text)])),
    }));
  }

  async write(topic: string, { value, key, headers = {} }: StoredMessage): Promise<void> {
    await this.query('INSERT INTO $S.messages (topic, key, value, headers) VALUES ($1, $2, $3, $4)', [
      topic,
      key === undefined ? null : Buffer.from(key),
      Buffer.from(value),
      encodeHeaders(Object.entries(headers)),
    ]);
  }

  async remove(topic: string): Promise<void> {
    await this.#removed(topic);
  }

  async recreate(topic: string): Promise<void> {
    const [row] = await this.#removed(topic);
    await this.query('INSERT INTO $S.topics (name, retention_ms, description) VALUES ($1, $2, $3)', [
      topic,
      row?.retention_ms ?? 0,
      row?.description ?? null,
    ]);
  }

  async #removed(topic: string) {
    const remove = () =>
      this.query<{ retention_ms: string; description: string | null }>(
        'DELETE FROM $S.topics WHERE name = $1 RETURNING *',
        [topic],
      );
    return remove().catch((error: { code?: string }) => {
      // Members that lease its messages lock the same rows; the server has ended one of the two.
      if (error.code === DEADLOCK) return remove();
      throw error;
    });
  }

  async trim(topic: string, keep: number): Promise<void> {
    await this.query(
      `DELETE FROM $S.messages WHERE topic = $1 AND id NOT IN (
         SELECT id FROM $S.messages WHERE topic = $1 ORDER BY id DESC LIMIT $2)`,
      [topic, keep],
    );
  }

  async overrun(topic: string, group: string): Promise<void> {
    await this.query('UPDATE $S.groups SET read_up_to = 10 ^ 15 WHERE topic = $1 AND name = $2', [
      topic,
      group,
    ]);
  }

  /** Runs one statement; `$S` in it stands for the schema. */
  async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    if (this.#pool === undefined) {
      this.#pool = new Pool({ connectionString: this.#url(), max: 2 });
      this.#pool.on('error', () => {});
    }
    return (await this.#pool.query<Row>(text.replaceAll('$S', this.#schema), values)).rows;
  }

  async close(): Promise<void> {
    await this.#pool?.end();
    this.#pool = undefined;
  }
}
