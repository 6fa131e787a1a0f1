/** Events that were claimed together, until what became of each is written. */
import type { ClaimedEvent } from '../event/outbox-event.js';

/** The result of one event in a batch. `released` gives it back without an attempt counted. */
export type Outcome = 'published' | 'retrying' | 'failed' | 'released';

/** The outcomes of a batch, as counts. */
export interface BatchReport {
  /** Events that were leased. */
  readonly claimed: number;
  readonly published: number;
  /** Failed, and to be tried again. */
  readonly retrying: number;
  /** Failed for good. */
  readonly failed: number;
}

/** An event that this relay has leased. */
export interface Held {
  readonly event: ClaimedEvent;
  readonly batch: Batch;
  /** In the monotonic time of the relay's clock. From then on another relay may have it. */
  expiresAt: number;
  /** Another relay has it. */
  lost: boolean;
}

/**
 * One claim of a relay. `done` resolves with the report once the outcome of every event is written, at once for an empty
 * batch. It never rejects.
 */
export class Batch {
  readonly held: readonly Held[];
  readonly done: Promise<BatchReport>;
  readonly #counts: Record<Outcome, number> = { published: 0, retrying: 0, failed: 0, released: 0 };
  #open: number;
  #resolve: (report: BatchReport) => void = () => {};

  constructor(events: readonly ClaimedEvent[], expiresAt: number) {
    this.held = events.map((event) => ({ event, batch: this, expiresAt, lost: false }));
    this.#open = events.length;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    if (this.#open === 0) this.#resolve(this.report());
  }

  /** The events by aggregate, each list in order. */
  runs(): Held[][] {
    const runs = new Map<string, Held[]>();
    for (const held of this.held) {
      const { aggregateId } = held.event.envelope;
      const run = runs.get(aggregateId);
      if (run === undefined) runs.set(aggregateId, [held]);
      else run.push(held);
    }
    return [...runs.values()];
  }

  settle(outcome: Outcome): void {
    this.#counts[outcome]++;
    this.#open--;
    if (this.#open === 0) this.#resolve(this.report());
  }

  report(): BatchReport {
    const { published, retrying, failed } = this.#counts;
    return { claimed: this.held.length, published, retrying, failed };
  }
}
