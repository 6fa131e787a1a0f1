/** Sends: one statement at a time, with everything that was handed over while the last one ran. */
import { EbusError, type OutgoingRecord, type SendReceipt } from '@ebus/core/driver';
import type { Link } from './link.js';
import { encodeHeaders } from './mapping.js';

/** Stores records in their order; answers in the same order. A topic that is missing has no row in the answer. */
const STORE = `
WITH locked AS (
  SELECT name FROM $S.topics WHERE name = ANY($2::text[]) ORDER BY name FOR NO KEY UPDATE
), numbered AS (
  SELECT nextval(pg_get_serial_sequence('$S.messages', 'id')) AS id, given.* FROM (
    SELECT * FROM unnest($1::int[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[], $6::text[])
      AS record (place, topic, key, value, headers, message_id)
    JOIN locked ON name = topic ORDER BY place
  ) AS given
), stored AS (
  INSERT INTO $S.messages (id, topic, key, value, headers, message_id)
  SELECT id, topic, key, value, headers, message_id FROM numbered ORDER BY place
  ON CONFLICT (message_id) DO NOTHING RETURNING id
), told AS (
  SELECT pg_notify('$S', name) FROM locked
)
SELECT place, numbered.id, stored.id IS NULL AS duplicate
FROM numbered LEFT JOIN stored USING (id) LEFT JOIN (SELECT count(*) FROM told) AS notified ON true`;

interface Waiting {
  readonly record: OutgoingRecord;
  resolve(receipt: SendReceipt): void;
  reject(error: unknown): void;
}

const MAX_BATCH = 500;

export class Sender {
  readonly #link: () => Link;
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;

  constructor(link: () => Link) {
    this.#link = link;
  }

  send(record: OutgoingRecord): Promise<SendReceipt> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      this.#sending ??= this.#run();
    });
  }

  /** Resolves once everything that was handed over is answered. */
  async settled(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  async #run(): Promise<void> {
    // Calls of the same turn go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#store(this.#waiting.splice(0, MAX_BATCH));
    this.#sending = undefined;
  }

  async #store(batch: readonly Waiting[]): Promise<void> {
    const records = batch.map(({ record }) => record);
    try {
      const rows = await this.#link().query<{ place: number; id: string; duplicate: boolean }>(STORE, [
        records.map((_, place) => place),
        records.map(({ topic }) => topic),
        records.map(({ key }) => (key === undefined ? null : Buffer.from(key as string))),
        records.map(({ value }) => Buffer.from(value.buffer, value.byteOffset, value.byteLength)),
        records.map(({ headers }) => encodeHeaders(headers)),
        records.map(({ messageId }) => messageId ?? null),
      ]);
      const places = new Map(rows.map((row) => [row.place, row]));
      batch.forEach(({ record, resolve, reject }, place) => {
        const row = places.get(place);
        if (row === undefined) reject(missing(record.topic));
        else resolve(row.duplicate ? { duplicate: true } : { position: { offset: Number(row.id) } });
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

export function missing(topic: string): EbusError {
  return new EbusError(`topic '${topic}' does not exist on PostgreSQL; configure it, or allow its creation`, {
    code: 'TOPIC_NOT_FOUND',
  });
}
