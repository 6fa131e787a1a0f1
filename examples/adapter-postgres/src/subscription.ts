/** One member of a group: fetches as credit permits, pushes, settles. It keeps no message. */
import { randomUUID } from 'node:crypto';
import {
  type CallOptions,
  type Clock,
  type Credit,
  type DriverSubscription,
  type PartitionLag,
  pause,
  type Settlement,
  type SettleToken,
  type SubscriptionSink,
  type SubscriptionSpec,
} from '@ebus/core/driver';
import { Batches } from './batches.js';
import * as group from './group.js';
import type { Link } from './link.js';
import { type MessageRow, type Token, toMessage } from './mapping.js';
import type { PostgresSettings } from './postgres-config.js';

/** `$1` is the topic, `$2` the group, `$3` this member; `given` are the deliveries that core names. */
const GIVEN = 'unnest($4::bigint[], $5::int[]) AS given (id, attempts)';
/** A delivery that was handed to another member since then has another owner, or more attempts. */
const STILL_MINE =
  'topic = $1 AND group_name = $2 AND owner = $3 AND d.id = given.id AND d.attempts = given.attempts';
const SETTLE = `DELETE FROM $S.deliveries d USING ${GIVEN} WHERE ${STILL_MINE}`;
const RELEASE = `UPDATE $S.deliveries d SET owner = NULL, lease_until = '-infinity' FROM ${GIVEN} WHERE ${STILL_MINE}`;
const RENEW = `
UPDATE $S.deliveries d SET lease_until = clock_timestamp() + $6 * interval '1 millisecond' FROM ${GIVEN}
WHERE ${STILL_MINE} RETURNING d.id`;

const CLAIM = 'SELECT * FROM $S.claim($1, $2, $3, $4, $5, $6, $7)';
const MAX_FETCH = 1_000;

export interface Surroundings {
  readonly link: () => Link;
  readonly clock: Clock;
  readonly settings: PostgresSettings;
  onClosed(): void;
}

export class PostgresSubscription implements DriverSubscription {
  readonly topic: string;
  readonly leaseMs: number;
  readonly #spec: SubscriptionSpec;
  readonly #sink: SubscriptionSink;
  readonly #around: Surroundings;
  /** This member's name on its deliveries. */
  readonly #owner: string = randomUUID();
  readonly #settlements = new Batches<Settlement>((done) => this.#settle(done));
  /** A request that was not answered is repeated under its number. */
  #request = 1;
  #credit: { messages: number; bytes: number } = { messages: 0, bytes: 0 };
  #fetching: Promise<void> | undefined;
  #woken = new AbortController();
  #stopped = false;
  #troubled = false;

  constructor(spec: SubscriptionSpec, sink: SubscriptionSink, around: Surroundings) {
    this.topic = spec.topic;
    this.leaseMs = around.settings.lease;
    this.#spec = spec;
    this.#sink = sink;
    this.#around = around;
  }

  request({ messages, bytes }: Credit): void {
    this.#credit = { messages, bytes };
    this.wake();
    if (!this.#stopped) this.#fetching ??= this.#fetch();
  }

  wake(): void {
    this.#woken.abort();
  }

  reconnected(): void {
    this.#sink.resumed();
    this.wake();
  }

  settle(done: readonly Settlement[]): Promise<void> {
    return this.#settlements.add(done);
  }

  extendLease(tokens: readonly SettleToken[]): void {
    // Where this fails the leases run out, or the next renewal finds them in place.
    this.#renew([...tokens] as Token[]).catch(() => {});
  }

  lag({ signal }: CallOptions): Promise<readonly PartitionLag[]> {
    return group.lag(this.#around.link(), this.#spec, signal);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#fetching;
  }

  async close({ signal }: CallOptions): Promise<void> {
    this.#around.onClosed();
    await this.stop();
    await group.leave(this.#around.link(), this.#spec, this.#owner, signal);
  }

  async #fetch(): Promise<void> {
    const { clock, settings } = this.#around;
    while (!this.#stopped) {
      // What wakes it from here on is not covered by the request that follows.
      this.#woken = new AbortController();
      const { messages, bytes } = this.#credit;
      if (messages > 0 && bytes > 0 && (await this.#claim(messages, bytes))) continue;
      await pause(clock, settings.pollInterval, this.#woken.signal);
    }
  }

  /** @returns whether there was something, so that there may be more */
  async #claim(messages: number, bytes: number): Promise<boolean> {
    const limits = [Math.min(messages, MAX_FETCH), Math.min(bytes, Number.MAX_SAFE_INTEGER)];
    const asked = this.#around.clock.monotonic();
    try {
      const rows = await this.#query<MessageRow>(CLAIM, [this.#request, ...limits, this.leaseMs]);
      // An answer that took longer than a lease is about messages that others may have by now.
      if (this.#around.clock.monotonic() - asked > this.leaseMs) return true;
      this.#request++;
      if (this.#troubled) this.#sink.resumed();
      this.#troubled = false;
      if (rows.length === 0) return false;
      const batch = rows.map((row) => toMessage(this.topic, row));
      // Credit that was granted meanwhile did not know of these yet.
      this.#credit.messages -= batch.length;
      this.#credit.bytes -= batch.reduce((sum, { size }) => sum + size, 0);
      this.#sink.push(batch);
      return true;
    } catch (error) {
      this.#troubled = true;
      this.#sink.failed(error);
      await group.recover(this.#around.link(), this.#spec, error).catch(() => {});
      return false;
    }
  }

  async #settle(done: readonly Settlement[]): Promise<void> {
    const tokens = (released: boolean) =>
      done.filter(({ outcome }) => (outcome === 'released') === released).map(({ token }) => token as Token);
    const [settled, released] = [tokens(false), tokens(true)];
    if (settled.length > 0) await this.#query(SETTLE, columns(settled));
    if (released.length > 0) await this.#query(RELEASE, columns(released));
  }

  async #renew(tokens: readonly Token[]): Promise<void> {
    const kept = await this.#query<{ id: string }>(RENEW, [...columns(tokens), this.leaseMs]);
    const ids = new Set(kept.map(({ id }) => id));
    const lost = tokens.filter(({ id }) => !ids.has(id));
    if (lost.length > 0) this.#sink.lost(lost);
  }

  #query<Row extends object>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    return this.#around.link().query<Row>(sql, [this.topic, this.#spec.group, this.#owner, ...values]);
  }
}

const columns = (tokens: readonly Token[]) => [
  tokens.map(({ id }) => id),
  tokens.map(({ attempts }) => attempts),
];
