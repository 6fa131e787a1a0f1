/** Helpers of the suite's tests. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEnvelope, type EnvelopeInput } from '@ebus/core';
import type { ClaimedEvent, OutboxEvent } from '../event/outbox-event.js';
import type { InboxStore } from '../inbox/inbox-store.js';
import type { Failure, OutboxStore } from '../store.js';
import type { OpenTransaction, StoreHarness, TestOutbox } from './harness.js';

/** Milliseconds; longer than any test. */
export const LONG = 600_000;

/** The topic of every event of the suite. */
export const TOPIC = 'suite.events';

/** The outbox of one test with helpers to save, claim and fail events. Open transactions are rolled back at its end. */
export class Scenario<Tx> {
  readonly store: OutboxStore<Tx>;
  readonly inbox: InboxStore<Tx>;
  readonly outside: Tx | undefined;
  readonly #outbox: TestOutbox<Tx>;
  readonly #patience: number;
  readonly #open = new Set<OpenTransaction<Tx>>();

  private constructor(outbox: TestOutbox<Tx>, patience: number) {
    this.store = outbox.store;
    this.inbox = outbox.inbox;
    this.outside = outbox.outside;
    this.#outbox = outbox;
    this.#patience = patience;
  }

  static async play<Tx>(
    harness: StoreHarness<Tx>,
    body: (scenario: Scenario<Tx>) => Promise<void>,
  ): Promise<void> {
    const outbox = await harness.create();
    const scenario = new Scenario(outbox, harness.patience ?? 10_000);
    try {
      await body(scenario);
    } finally {
      for (const { rollback } of scenario.#open) await rollback().catch(() => {});
      await outbox.close?.();
    }
  }

  /** Rolled back at the end of the test, unless the test has ended it. */
  async begin(): Promise<OpenTransaction<Tx>> {
    const open = await this.#outbox.begin();
    const ended = <T>(end: () => Promise<T>) => {
      this.#open.delete(transaction);
      return end();
    };
    const transaction: OpenTransaction<Tx> = {
      tx: open.tx,
      commit: () => ended(() => open.commit()),
      rollback: () => ended(() => open.rollback()),
    };
    this.#open.add(transaction);
    return transaction;
  }

  /** Saves events in a transaction of their own: `'a1'` is version 1 of the aggregate `a`. */
  async save(...names: string[]): Promise<void> {
    const transaction = await this.begin();
    await this.store.save(transaction.tx, ...names.map((name) => eventOf(name)));
    await transaction.commit();
  }

  /** Claims, and tells the names. */
  async claimNames(limit = 100, lease = LONG): Promise<string[]> {
    return namesOf(await this.store.claim(limit, lease));
  }

  /** Claims until the outbox has something to give. */
  async claimSoon(limit = 100, lease = LONG): Promise<ClaimedEvent[]> {
    return this.soon(async () => {
      const events = await this.store.claim(limit, lease);
      assert(events.length > 0, 'nothing is claimable');
      return events;
    });
  }

  /** Repeats until it does not throw. */
  async soon<T>(attempt: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#patience;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await sleep(5);
      }
    }
  }

  /** Claims one event and lets its publish fail. */
  async fail(changes: Partial<Failure> = {}): Promise<ClaimedEvent> {
    const [event] = await this.claimSoon(1);
    assert(event !== undefined);
    const { id, token } = event;
    await this.store.recordError([
      { id, token, error: 'refused', delay: LONG, counts: false, final: false, ...changes },
    ]);
    return event;
  }
}

/** `'a1'`: version 1 of the aggregate `a`. */
export function eventOf(name: string, changes: Partial<EnvelopeInput> = {}): OutboxEvent {
  const [, aggregateId = name, version = '1'] = /^(.*?)(\d+)$/.exec(name) ?? [];
  const envelope = createEnvelope({
    aggregateId,
    eventType: 'Changed',
    eventVersion: Number(version),
    payload: { name },
    ...changes,
  });
  return { topic: TOPIC, envelope };
}

/** Names of events in the form of `eventOf`: `'a1'` is version 1 of the aggregate `a`. */
export function namesOf(events: readonly OutboxEvent[]): string[] {
  return events.map(({ envelope }) => `${envelope.aggregateId}${envelope.eventVersion}`);
}
