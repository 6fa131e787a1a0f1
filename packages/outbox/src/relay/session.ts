/** The claims, publishes and write-backs of a relay between two stops. */
import { Batch, type Held } from './batch.js';
import type { Figures } from './figures.js';
import { Ledger } from './ledger.js';
import { publishRun } from './publish-run.js';
import type { RelaySettings } from './relay-options.js';
import { RunQueue } from './run-queue.js';

interface SessionListener {
  /** The outcomes of a whole batch are written: later events of its aggregates may be claimed. */
  onBatchDone(): void;
  /** An event may be tried again after so many milliseconds. */
  onRetry(delay: number): void;
}

/** One run of a relay, from `start` to `stop`. It sends the events of one aggregate one after the other. */
export class Session {
  readonly #settings: RelaySettings;
  readonly #figures: Figures;
  readonly #listener: SessionListener;
  readonly #ledger: Ledger;
  readonly #runs: RunQueue;
  #over = false;

  constructor(settings: RelaySettings, figures: Figures, listener: SessionListener) {
    const { store, clock, lease, concurrency } = settings;
    this.#settings = settings;
    this.#figures = figures;
    this.#listener = listener;
    this.#ledger = new Ledger({
      ...{ store, clock, lease },
      onWritten: ({ batch }, outcome) => batch.settle(outcome),
      onError: (error) => figures.storeFailed(error),
      onLost: (held) => figures.leaseLost(held),
    });
    this.#runs = new RunQueue(concurrency, (run) => this.#publish(run));
  }

  /** True once it was told to end: nothing more is sent. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Events that are leased and not written back. */
  get held(): number {
    return this.#ledger.size;
  }

  /** Resolves when there is room for another batch. */
  room(): Promise<void> {
    return this.#ledger.atMost(this.#settings.batchSize);
  }

  /** Claims a batch and begins to publish it. Where the session ended meanwhile, the batch is handed back. */
  async claim(): Promise<Batch> {
    const { store, clock, batchSize, lease } = this.#settings;
    // The lease begins when the store answers; counted from the question, it ends here before it ends there.
    const expiresAt = clock.monotonic() + lease;
    const batch = new Batch(await store.claim(batchSize, lease), expiresAt);
    this.#ledger.add(batch.held);
    this.#runs.add(batch.runs());
    if (batch.held.length > 0) void batch.done.then(() => this.#listener.onBatchDone());
    return batch;
  }

  /** Resolves once publishes under way have ended and everything is written back; after so many milliseconds anyway. */
  async end(timeout: number): Promise<void> {
    this.#over = true;
    const { clock } = this.#settings;
    const timer = clock.setTimeout(() => this.#ledger.giveUp(), timeout);
    await this.#ledger.atMost(0);
    clock.clearTimeout(timer);
  }

  #publish(run: readonly Held[]): Promise<void> {
    const { bus, clock, maxRetries, backoff, tracing } = this.#settings;
    return publishRun(run, {
      ...{ bus, clock, maxRetries, backoff, tracing, ledger: this.#ledger },
      stopping: () => this.#over,
      onPublished: () => this.#figures.wasPublished(),
      onFailure: (held, error, failure) => {
        this.#figures.publishFailed(held, error, failure);
        if (!failure.final) this.#listener.onRetry(failure.delay);
      },
    });
  }
}
