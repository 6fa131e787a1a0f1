/** The consumer's side: an event that comes twice is handled once. */
import type { Envelope, EnvelopeHandler, HandlerContext } from '@ebus/core';
import { checkOptions, type Duration, EbusError, kinds, optionTable, parseDuration } from '@ebus/core/driver';
import type { InboxStore } from './inbox-store.js';

/** Options of an `Inbox`. Unknown keys are refused with a `ConfigError`. */
export interface InboxOptions {
  /**
   * How long it remembers events; longer than any event may take to come again. Default 30 days. `prune` deletes what is
   * older.
   */
  retention?: Duration;
}

/** Whether the function ran, with what it returned. */
export type OnceOutcome<T> = { readonly ran: true; readonly value: T } | { readonly ran: false };

const OPTIONS = optionTable<InboxOptions>({ retention: kinds.positiveDuration });

/** How many records one statement deletes. */
const PRUNE_BATCH = 1000;

/** Lets each event through once per consumer. All methods may be called concurrently. */
export class Inbox<Tx> {
  readonly #store: InboxStore<Tx>;
  readonly #retention: number;

  /** @throws ConfigError for options that do not exist */
  constructor(store: InboxStore<Tx>, options: InboxOptions = {}) {
    checkOptions('Inbox', options, OPTIONS);
    this.#store = store;
    this.#retention = parseDuration(options.retention ?? '30d');
  }

  /**
   * Runs `fn` within the transaction, unless this consumer has handled the event. The record is part of the transaction:
   * where it rolls back, the event counts as not handled. A concurrent call for the same event waits for this one's
   * transaction, and then runs only if that was rolled back.
   * @throws what `fn` throws; EbusError `INVALID_ARGUMENT` outside of a transaction, and for a blank consumer or id
   */
  async once<T>(
    tx: Tx,
    consumer: string,
    eventId: string,
    fn: () => T | Promise<T>,
  ): Promise<OnceOutcome<T>> {
    requireText('consumer', consumer);
    requireText('eventId', eventId);
    if (!(await this.#store.record(tx, consumer, eventId))) return { ran: false };
    return { ran: true, value: await fn() };
  }

  /**
   * A handler for `subscribeEnvelope` that runs in a transaction, once per event. `withTransaction` opens one, calls the
   * function with it, commits when that resolves, and rolls back and rejects when it rejects.
   */
  handler<P = unknown>(
    consumer: string,
    withTransaction: (work: (tx: Tx) => Promise<unknown>) => Promise<unknown>,
    handler: (envelope: Envelope<P>, context: HandlerContext, tx: Tx) => unknown,
  ): EnvelopeHandler<P> {
    requireText('consumer', consumer);
    return async (envelope, context) => {
      await withTransaction((tx) =>
        this.once(tx, consumer, envelope.eventId, () => handler(envelope, context, tx)),
      );
    };
  }

  /** Deletes, in batches, what is older than `retention`. Resolves with how many records that were. */
  async prune(options: { signal?: AbortSignal } = {}): Promise<number> {
    let deleted = 0;
    for (;;) {
      const n = await this.#store.prune(this.#retention, PRUNE_BATCH);
      deleted += n;
      if (n < PRUNE_BATCH || options.signal?.aborted === true) return deleted;
    }
  }
}

/** Columns keep 255 characters. */
function requireText(name: string, value: unknown): void {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= 255) return;
  throw new EbusError(`${name} must be text of 1 to 255 characters`, { code: 'INVALID_ARGUMENT' });
}
