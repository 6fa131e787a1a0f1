/** The suite's requirements: a test runner, and the store under test. */
import type { InboxStore } from '../inbox/inbox-store.js';
import type { OutboxStore } from '../store.js';

/**
 * The test runner: vitest's, Jest's and `node:test`'s `describe` and `it` fit as they are. Tests of
 * one file must run one after the other, as they do by default in all of them.
 */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it: {
    (name: string, body: () => Promise<void>): unknown;
    skip(name: string, body: () => Promise<void>): unknown;
  };
}

/** A transaction that the suite ends. */
export interface OpenTransaction<Tx> {
  readonly tx: Tx;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** An outbox that is empty and nobody else's. */
export interface TestOutbox<Tx> {
  readonly store: OutboxStore<Tx>;
  readonly inbox: InboxStore<Tx>;
  begin(): Promise<OpenTransaction<Tx>>;
  /** A handle that is in no transaction, where there can be such a thing. */
  readonly outside?: Tx;
  close?(): Promise<void>;
}

/** The store under test. Each test gets an outbox of its own from `create`. */
export interface StoreHarness<Tx> {
  readonly name: string;
  /** Called for each test. */
  create(): Promise<TestOutbox<Tx>>;
  /** False where only one transaction can be open at a time; what needs more is skipped. Default true. */
  readonly concurrentTransactions?: boolean;
  /** Milliseconds that a condition may take. Default 10,000. */
  readonly patience?: number;
}
