/** One member of a group. */

import { randomUUID } from 'node:crypto';
import type {
  CallOptions,
  Clock,
  Demand,
  DriverSubscriptionV1 as DriverSubscription,
  IncomingMessage,
  PartitionLag,
  Settlement,
  SettleToken,
  SubscriptionSpec,
} from '@ebus/core/driver';
import { Batches } from './batches.js';
import type { Link } from './link.js';
import { type MessageRow, type Token, toMessage } from './mapping.js';
import type { PostgresSettings } from './postgres-config.js';

const JOIN = `
INSERT INTO $S.groups (topic, name, durable, read_up_to)
SELECT name, $2, $3, CASE
  WHEN $4 = 'earliest' THEN 0
  WHEN $4 = 'latest' THEN coalesce((SELECT max(id) FROM $S.messages WHERE topic = $1), 0)
  ELSE coalesce((SELECT min(id) - 1 FROM $S.messages WHERE topic = $1 AND stored_at >= $5),
                (SELECT max(id) FROM $S.messages WHERE topic = $1), 0) END
FROM $S.topics WHERE name = $1
ON CONFLICT DO NOTHING`;

const OWN = 'topic = $1 AND group_name = $2 AND owner = $3';
const GIVEN = 'unnest($4::bigint[], $5::int[]) AS given (id, attempts)';
const SETTLE = `DELETE FROM $S.deliveries d USING ${GIVEN} WHERE ${OWN} AND d.id = given.id AND d.attempts = given.attempts`;
const FREE = "owner = NULL, lease_until = '-infinity'";
const RELEASE = `UPDATE $S.deliveries d SET ${FREE} FROM ${GIVEN} WHERE ${OWN} AND d.id = given.id AND d.attempts = given.attempts`;
const RENEW = `
UPDATE $S.deliveries d SET lease_until = clock_timestamp() + $6 * interval '1 millisecond' FROM ${GIVEN}
WHERE ${OWN} AND d.id = given.id AND d.attempts = given.attempts`;

const LAG = `
SELECT coalesce(min(d.id) - 1, g.read_up_to) AS settled, count(d.id) AS unsettled,
  count(d.id) FILTER (WHERE d.lease_until < clock_timestamp()) AS waiting,
  (SELECT count(*) FROM $S.messages m WHERE m.topic = $1 AND m.id > g.read_up_to) AS beyond,
  1000 * extract(epoch FROM clock_timestamp() - least(
    (SELECT min(m.stored_at) FROM $S.messages m WHERE m.id = min(d.id)),
    (SELECT m.stored_at FROM $S.messages m WHERE m.topic = $1 AND m.id > g.read_up_to ORDER BY m.id LIMIT 1))) AS age
FROM $S.groups g LEFT JOIN $S.deliveries d ON d.topic = g.topic AND d.group_name = g.name
WHERE g.topic = $1 AND g.name = $2 GROUP BY g.read_up_to`;

export class PostgresSubscription implements DriverSubscription {
  readonly leaseMs: number;
  readonly topic: string;
  readonly #group: string;
  readonly #durable: boolean;
  readonly #owner: string = randomUUID();
  readonly #link: () => Link;
  readonly #clock: Clock;
  readonly #settings: PostgresSettings;
  readonly #settlements = new Batches<Settlement>((done) => this.#settle(done));
  #stopped = false;
  #wake: () => void = () => {};
  #notified = false;

  private constructor(link: () => Link, clock: Clock, settings: PostgresSettings, spec: SubscriptionSpec) {
    this.#link = link;
    this.#clock = clock;
    this.#settings = settings;
    this.leaseMs = settings.lease;
    this.topic = spec.topic;
    this.#group = spec.group;
    this.#durable = spec.durable;
  }

  static async join(
    link: () => Link,
    clock: Clock,
    settings: PostgresSettings,
    spec: SubscriptionSpec,
  ): Promise<PostgresSubscription> {
    const { topic, group, durable, from } = spec;
    const date = from instanceof Date ? from : null;
    await link().query(JOIN, [topic, group, durable, date === null ? from : 'date', date]);
    return new PostgresSubscription(link, clock, settings, spec);
  }

  async receive(demand: Demand): Promise<readonly IncomingMessage[] | undefined> {
    while (!this.#stopped) {
      this.#notified = false;
      const rows = await this.#link().query<MessageRow>('SELECT * FROM $S.claim($1, $2, $3, $4, $5, $6)', [
        this.topic,
        this.#group,
        this.#owner,
        demand.messages,
        Math.min(demand.bytes, Number.MAX_SAFE_INTEGER),
        this.leaseMs,
      ]);
      const batch = rows.map((row) => toMessage(this.topic, row));
      if (batch.length > 0) {
        if (!this.#stopped) return batch;
        await this.settle(batch.map(({ token }) => ({ token, outcome: 'released' })));
      }
      if (!this.#stopped && !this.#notified) await this.#pause();
    }
    return undefined;
  }

  /** There may be something. */
  notify(): void {
    this.#notified = true;
    this.#wake();
  }

  settle(done: readonly Settlement[]): Promise<void> {
    return this.#settlements.add(done);
  }

  extendLease(tokens: readonly SettleToken[]): void {
    void this.#on(RENEW, tokens, this.leaseMs).catch(() => {});
  }

  async lag(_options: CallOptions): Promise<readonly PartitionLag[]> {
    const [row] = await this.#link().query<Record<string, string> & { age: string | null }>(LAG, [
      this.topic,
      this.#group,
    ]);
    if (row === undefined) return [];
    const { settled, unsettled, waiting, beyond, age } = row;
    return [
      {
        partition: 0,
        lag: Number(unsettled) + Number(beyond),
        unread: Number(waiting) + Number(beyond),
        position: Number(settled),
        settled: Number(settled),
        ...(age === null ? {} : { oldestAgeMs: Number(age) }),
      },
    ];
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  async close(_options: CallOptions): Promise<void> {
    this.stop();
    const own = [this.topic, this.#group];
    if (!this.#durable) await this.#link().query('DELETE FROM $S.groups WHERE topic = $1 AND name = $2', own);
    else await this.#link().query(`UPDATE $S.deliveries SET ${FREE} WHERE ${OWN}`, [...own, this.#owner]);
    await this.#link().query("SELECT pg_notify('$S', $1)", [this.topic]);
  }

  async #settle(done: readonly Settlement[]): Promise<void> {
    const released = done.filter(({ outcome }) => outcome === 'released');
    const settled = done.filter(({ outcome }) => outcome !== 'released');
    const tokens = (list: readonly Settlement[]) => list.map(({ token }) => token);
    if (settled.length > 0) await this.#on(SETTLE, tokens(settled));
    if (released.length > 0) await this.#on(RELEASE, tokens(released));
  }

  async #on(statement: string, tokens: readonly SettleToken[], ...more: number[]): Promise<void> {
    const given = tokens as readonly Token[];
    await this.#link().query(statement, [
      this.topic,
      this.#group,
      this.#owner,
      given.map(({ id }) => id),
      given.map(({ attempts }) => attempts),
      ...more,
    ]);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => this.#wake(), this.#settings.pollInterval);
      this.#wake = () => {
        this.#clock.clearTimeout(timer);
        resolve();
      };
    });
  }
}
