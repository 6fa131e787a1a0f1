/** Handlers that take longer than they may: aborted, then reported, and where that is permitted no longer waited for. */
import { DeadlineQueue } from '../util/deadline-queue.js';
import type { Attempt } from './attempt.js';
import { timeoutError } from './failures.js';
import type { RunnerOptions } from './runner-options.js';

/** How long a timed-out handler may take to heed its signal before it is reported as overrunning. */
const HEED_SIGNAL_MS = 1_000;

/** The deadlines of running attempts, of one consumer. */
export class Overruns {
  readonly deadlines: DeadlineQueue<Attempt>;
  readonly #options: Pick<RunnerOptions, 'policy' | 'clock' | 'events'>;
  readonly #abandon: (attempt: Attempt) => void;
  readonly #overrunning = new Set<Attempt>();

  /** @param abandon an attempt is not waited for any more, though its handler runs */
  constructor(
    options: Pick<RunnerOptions, 'policy' | 'clock' | 'events'>,
    abandon: (attempt: Attempt) => void,
  ) {
    this.#options = options;
    this.#abandon = abandon;
    this.deadlines = new DeadlineQueue<Attempt>(options.clock, (attempt) => this.#timeUp(attempt));
  }

  /** Handlers that have been aborted, and have not heeded it. */
  get count(): number {
    return this.#overrunning.size;
  }

  /** Of those, the ones no longer waited for, because overlapping is permitted. */
  get overlapped(): number {
    let count = 0;
    for (const attempt of this.#overrunning) if (attempt.abandoned) count++;
    return count;
  }

  /** Its handler has been called. */
  watch(attempt: Attempt): void {
    const deadline = this.#options.clock.monotonic() + this.#options.policy.processingTimeout;
    this.deadlines.add(attempt, Math.max(deadline, attempt.deadline));
  }

  /** Its handler has returned at last. */
  ended(attempt: Attempt): void {
    if (attempt.overrunning) this.#overrunning.delete(attempt);
  }

  /** Stops the timer. */
  close(): void {
    this.deadlines.clear();
  }

  /** First at the processing timeout, then to report an overrun, then where overlapping is permitted. */
  #timeUp(attempt: Attempt): void {
    const { policy, clock, events } = this.#options;
    const heeds = Math.min(HEED_SIGNAL_MS, policy.overlapAfter ?? HEED_SIGNAL_MS);
    if (!attempt.timedOut) {
      attempt.timedOut = true;
      attempt.abort(timeoutError(policy, attempt));
      this.deadlines.add(attempt, clock.monotonic() + heeds);
      return;
    }
    if (!attempt.overrunning) {
      attempt.overrunning = true;
      this.#overrunning.add(attempt);
      events.overrunning(attempt);
      if (policy.overlapAfter === undefined) return;
      const overlapIn = policy.overlapAfter - heeds;
      if (overlapIn > 0) {
        this.deadlines.add(attempt, clock.monotonic() + overlapIn);
        return;
      }
    }
    attempt.abandoned = true;
    this.#abandon(attempt);
  }
}
