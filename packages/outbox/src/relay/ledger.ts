/**
 * Writes to the store what became of events, in groups, one statement at a time: statements of one relay never wait for
 * each other's rows. While the database is away, outcomes wait here; there are never more than events that are held.
 */
import { type BackoffOptions, backoffDelay, type Clock, type TimerHandle } from '@ebus/core/driver';
import type { Failure, OutboxStore } from '../store.js';
import type { Held, Outcome } from './batch.js';

/** Events in one statement. */
const GROUP = 500;

const BACKOFF: BackoffOptions = { base: 100, max: 5_000 };

interface LedgerOptions {
  readonly store: OutboxStore<never>;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly lease: number;
  /** Told of each outcome once it is written. */
  onWritten(held: Held, outcome: Outcome): void;
  /** A statement failed, and is tried again. */
  onError(error: unknown): void;
  /** Another relay has taken the event. */
  onLost(held: Held): void;
}

/** Records outcomes of held events, renews their leases, and retries failed statements with a backoff of 0.1 to 5 s. */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #held = new Set<Held>();
  #published: Held[] = [];
  #failures: { held: Held; failure: Failure }[] = [];
  #released: Held[] = [];
  #renewalDue = false;
  #writing: Promise<void> | undefined;
  #timer: TimerHandle | undefined;
  #waiters: { limit: number; resolve: () => void }[] = [];
  #cutShort: (() => void) | undefined;
  #givenUp = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Events whose outcome is open or not written yet. */
  get size(): number {
    return this.#held.size;
  }

  add(held: readonly Held[]): void {
    for (const one of held) this.#held.add(one);
    this.#scheduleRenewal();
  }

  published(held: Held): void {
    this.#published.push(held);
    this.#write();
  }

  failed(held: Held, failure: Omit<Failure, 'id' | 'token'>): void {
    const { id, token } = held.event;
    this.#failures.push({ held, failure: { id, token, ...failure } });
    this.#write();
  }

  released(held: readonly Held[]): void {
    this.#released.push(...held);
    this.#write();
  }

  /** Resolves once at most so many events are held. */
  atMost(limit: number): Promise<void> {
    if (this.#held.size <= limit) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ limit, resolve });
    });
  }

  /** Writes no more, and forgets what is held: those leases run out. */
  giveUp(): void {
    this.#givenUp = true;
    this.#cutShort?.();
    for (const held of this.#held) held.batch.settle('released');
    this.#held.clear();
    this.#published = [];
    this.#failures = [];
    this.#released = [];
    this.#afterWrite();
  }

  #write(): void {
    if (this.#givenUp) return;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      if (this.#hasWork) this.#write();
    });
  }

  get #hasWork(): boolean {
    if (this.#givenUp) return false;
    const waiting = this.#published.length + this.#failures.length + this.#released.length;
    return waiting > 0 || this.#renewalDue;
  }

  async #writeAll(): Promise<void> {
    // What comes in one turn of the event loop goes into one statement.
    await Promise.resolve();
    for (let failures = 0; this.#hasWork; ) {
      try {
        await this.#writeOnce();
        failures = 0;
      } catch (error) {
        this.#options.onError(error);
        await this.#pause(backoffDelay(BACKOFF, ++failures, this.#options.clock));
      }
      this.#afterWrite();
    }
  }

  /** One statement of each kind that is due. Renewals first: they are in a hurry. */
  async #writeOnce(): Promise<void> {
    if (this.#renewalDue) await this.#renew();
    if (this.#published.length > 0) await this.#writePublished();
    if (this.#failures.length > 0) await this.#writeFailures();
    if (this.#released.length > 0) await this.#writeReleased();
  }

  async #writePublished(): Promise<void> {
    const group = this.#published.slice(0, GROUP);
    await this.#options.store.markPublished(group.map(({ event }) => event));
    this.#published.splice(0, group.length);
    for (const held of group) this.#settle(held, 'published');
  }

  async #writeFailures(): Promise<void> {
    const group = this.#failures.slice(0, GROUP);
    await this.#options.store.recordError(group.map(({ failure }) => failure));
    this.#failures.splice(0, group.length);
    for (const { held, failure } of group) this.#settle(held, failure.final ? 'failed' : 'retrying');
  }

  async #writeReleased(): Promise<void> {
    const group = this.#released.slice(0, GROUP);
    await this.#options.store.release(group.map(({ event }) => event));
    this.#released.splice(0, group.length);
    for (const held of group) this.#settle(held, 'released');
  }

  #settle(held: Held, outcome: Outcome): void {
    if (!this.#held.delete(held)) return;
    this.#options.onWritten(held, outcome);
  }

  #afterWrite(): void {
    const { size } = this.#held;
    if (size === 0) this.#endRenewals();
    const ready = this.#waiters.filter(({ limit }) => size <= limit);
    this.#waiters = this.#waiters.filter(({ limit }) => size > limit);
    for (const { resolve } of ready) resolve();
  }

  #scheduleRenewal(): void {
    if (this.#timer !== undefined || this.#held.size === 0 || this.#givenUp) return;
    const { clock, lease } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      this.#renewalDue = true;
      this.#write();
      this.#scheduleRenewal();
    }, lease / 3);
    this.#timer.unref();
  }

  #endRenewals(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#renewalDue = false;
  }

  async #renew(): Promise<void> {
    const { store, clock, lease, onLost } = this.#options;
    const written = new Set([
      ...this.#published,
      ...this.#released,
      ...this.#failures.map(({ held }) => held),
    ]);
    const open = [...this.#held].filter((held) => !held.lost && !written.has(held));
    if (open.length > 0) {
      const until = clock.monotonic() + lease;
      const kept = new Set(
        await store.renew(
          open.map(({ event }) => event),
          lease,
        ),
      );
      for (const held of open) {
        if (kept.has(held.event.id)) held.expiresAt = until;
        else {
          held.lost = true;
          onLost(held);
        }
      }
    }
    this.#renewalDue = false;
  }

  /** After a failed statement. */
  #pause(ms: number): Promise<void> {
    if (this.#givenUp) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimeout(resolve, ms);
      this.#cutShort = () => {
        this.#options.clock.clearTimeout(timer);
        resolve();
      };
    });
  }
}
