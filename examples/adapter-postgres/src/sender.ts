/** Sends: one statement at a time, with everything that was handed over while the last one ran. */
import { EbusError, type SendRecord } from '@ebus/core/driver';
import { Batches } from './batches.js';
import { classify } from './errors.js';
import type { Link } from './link.js';
import { encodeHeaders } from './mapping.js';

/** Stores records in their order. A topic that is missing has no row in the answer, nor have its records. */
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

/** Of one statement. */
const MAX_RECORDS = 500;
const MAX_BYTES = 4 * 1024 * 1024;

export class Sender {
  readonly #link: () => Link;
  readonly #batches = new Batches<SendRecord>((records) => this.#storeAll(records));

  constructor(link: () => Link) {
    this.#link = link;
  }

  /** Each record is answered by its `stored` or `failed`. */
  send(records: readonly SendRecord[]): void {
    // Rejects never: whatever goes wrong is told to the records.
    void this.#batches.add(records);
  }

  /** Resolves once everything that was handed over is answered. */
  idle(): Promise<void> {
    return this.#batches.idle();
  }

  async #storeAll(records: readonly SendRecord[]): Promise<void> {
    let batch: SendRecord[] = [];
    let bytes = 0;
    for (const record of records) {
      const isFull = batch.length === MAX_RECORDS || bytes + record.value.length > MAX_BYTES;
      if (isFull && batch.length > 0) {
        await this.#store(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(record);
      bytes += record.value.length;
    }
    await this.#store(batch);
  }

  async #store(records: readonly SendRecord[]): Promise<void> {
    try {
      const rows = await this.#link().query<{ place: number; id: string; duplicate: boolean }>(STORE, [
        records.map((_, place) => place),
        records.map(({ topic }) => topic),
        records.map(({ key }) => (key === undefined ? null : Buffer.from(key as string))),
        records.map(({ value }) => Buffer.from(value.buffer, value.byteOffset, value.byteLength)),
        records.map(({ headers }) => encodeHeaders(headers)),
        records.map(({ messageId }) => messageId ?? null),
      ]);
      const byPlace = new Map(rows.map((row) => [row.place, row]));
      records.forEach((record, place) => {
        const row = byPlace.get(place);
        if (row === undefined) record.failed(missing(record.topic));
        else if (row.duplicate) record.stored(undefined, true);
        else record.stored({ offset: BigInt(row.id) });
      });
    } catch (error) {
      // What one record brought on is not the fault of the others: each is tried alone.
      const isOfConnection = classify(error).code === 'CONNECTION_FAILED';
      if (records.length > 1 && !isOfConnection) for (const record of records) await this.#store([record]);
      else for (const record of records) record.failed(error);
    }
  }
}

export function missing(topic: string): EbusError {
  return new EbusError(`topic '${topic}' does not exist on PostgreSQL; configure it, or allow its creation`, {
    code: 'TOPIC_NOT_FOUND',
  });
}
