/** Actions of operators under way, and the last ones that have ended. */
import type { Clock, Logger } from '@ebus/core';
import { linkedSignal, randomUuid } from '@ebus/core/driver';
import { reasonFor } from './snapshot.js';
import type { ActionName, JobView } from './types.js';

const MOST_RUNNING = 4;
const MOST_KEPT = 20;
/** Actions that may begin at once, and how soon there may be another. */
const BURST = 20;
const REFILL_MS = 500;

/** What a job does. */
export interface Work {
  readonly action: ActionName;
  readonly topic: string;
  readonly about: string;
  /** How long it may take, in milliseconds. */
  readonly limitMs: number;
  /** @returns the outcome in words */
  run(signal: AbortSignal, told: (progress: { redriven: number; total: number }) => void): Promise<string>;
}

/** Runs actions, a few at once; begins so many a second. */
export class Jobs {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changed: () => void;
  readonly #closing = new AbortController();
  #jobs: JobView[] = [];
  #tokens = BURST;
  #refilledAt: number;

  constructor(clock: Clock, logger: Logger, changed: () => void) {
    this.#clock = clock;
    this.#logger = logger;
    this.#changed = changed;
    this.#refilledAt = clock.monotonic();
  }

  /** Newest first. */
  get all(): readonly JobView[] {
    return this.#jobs;
  }

  find(id: string): JobView | undefined {
    return this.#jobs.find((job) => job.id === id);
  }

  /** Undefined where too many run, or too many were begun. `ended` never rejects. */
  begin(work: Work): { readonly id: string; readonly ended: Promise<void> } | undefined {
    const running = this.#jobs.filter(({ state }) => state === 'running').length;
    if (running >= MOST_RUNNING || !this.#take()) return undefined;
    const { action, topic, about } = work;
    const id = randomUuid(this.#clock);
    const startedAt = new Date(this.#clock.now()).toISOString();
    const job: JobView = { id, action, topic, about, state: 'running', startedAt, outcome: '' };
    // One that runs is kept: it counts.
    this.#jobs = [job, ...this.#jobs].filter(({ state }, i) => i < MOST_KEPT || state === 'running');
    this.#logger.info({ action, topic, about, job: id }, 'an operator acts by the console');
    return { id, ended: this.#run(id, work) };
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(id: string, work: Work): Promise<void> {
    const limit = this.#clock.timeout(work.limitMs);
    const { signal, release } = linkedSignal(this.#closing.signal, limit);
    try {
      const outcome = await work.run(signal, (progress) => this.#change(id, { progress }));
      this.#change(id, { state: 'done', outcome });
    } catch (err) {
      this.#logger.warn(
        { err, action: work.action, topic: work.topic, job: id },
        'an action of the console failed',
      );
      const late = `not done within ${work.limitMs / 1_000} s: ended; try again`;
      this.#change(id, { state: 'failed', outcome: limit.aborted ? late : reasonFor(err) });
    } finally {
      release();
    }
  }

  #change(id: string, changes: Partial<JobView>): void {
    this.#jobs = this.#jobs.map((job) => (job.id === id ? { ...job, ...changes } : job));
    this.#changed();
  }

  #take(): boolean {
    const now = this.#clock.monotonic();
    const refilled = Math.floor((now - this.#refilledAt) / REFILL_MS);
    if (refilled > 0) {
      this.#tokens = Math.min(BURST, this.#tokens + refilled);
      this.#refilledAt += refilled * REFILL_MS;
    }
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
