/** A relay's counters and log lines. */
import type { Logger } from '@ebus/core';
import type { Failure } from '../store.js';
import type { Held } from './batch.js';

/**
 * Counters and log lines of one relay. Passing failures are logged at `warn` once, then at `debug` until a publish
 * succeeds. Refused events are always logged at `warn`, failed events at `error`.
 */
export class Figures {
  published = 0;
  publishFailures = 0;
  gaveUp = 0;
  storeError: unknown;
  readonly #logger: Logger;
  /** Whether the last publish failed: a broker that is away fails every event, and one line says so. */
  #isFailing = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  wasPublished(): void {
    this.published++;
    this.#isFailing = false;
  }

  publishFailed({ event }: Held, err: unknown, failure: Omit<Failure, 'id' | 'token'>): void {
    this.publishFailures++;
    const { topic, id, attempts } = event;
    const { aggregateId } = event.envelope;
    const fields = { topic, eventId: id, aggregateId, attempt: attempts + 1, err };
    if (failure.final) {
      this.gaveUp++;
      this.#logger.error(
        fields,
        'the event is failed and holds its aggregate; call retry(id) or skip(id) of the relay',
      );
      return;
    }
    const level = this.#isFailing && !failure.counts ? 'debug' : 'warn';
    this.#isFailing = true;
    const delayMs = Math.round(failure.delay);
    this.#logger[level]({ ...fields, delayMs }, 'the event was not published, and is tried again');
  }

  leaseLost({ event: { topic, id } }: Held): void {
    this.#logger.warn(
      { topic, eventId: id },
      'the lease ran out and another relay has the event; it may come twice',
    );
  }

  /** Logged once, until the store answers again. */
  storeFailed(err: unknown): void {
    if (this.storeError === undefined) {
      this.#logger.warn({ err }, 'the outbox cannot be reached; the relay goes on trying');
    }
    this.storeError = err;
  }

  storeAnswered(): void {
    if (this.storeError === undefined) return;
    this.storeError = undefined;
    this.#logger.info('the outbox can be reached again');
  }
}
