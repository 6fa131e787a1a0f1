/**
 * Keeps publishes of one topic and key in call order, through middleware, waits and retries.
 *
 * Per key one job at a time has the turn: it gets a place, passes middleware and is handed to the driver, then the next
 * has the turn. A failed job may take it back for a retry only while nothing later of its key has been sent.
 * Keys without open jobs hold no memory.
 */
import { JobQueue, type WaitingJob } from './job-queue.js';

interface KeyState {
  /** Jobs between `enter` and `leave`. */
  open: number;
  /** The job that passes middleware, is being sent, or waits to be sent again. */
  turn: WaitingJob | undefined;
  lastSent: WaitingJob | undefined;
  queue: JobQueue<WaitingJob> | undefined;
  /** Has been given the turn, and is still to proceed. */
  due: WaitingJob | undefined;
  passingOn: boolean;
}

/** The turns of one topic, by key. */
export class SendOrder {
  readonly #keys = new Map<string, KeyState>();

  /** Keys with open jobs. */
  get size(): number {
    return this.#keys.size;
  }

  /** True if nothing of the key is open: a send that completes at once need not be tracked. */
  isFree(key: string): boolean {
    return this.#keys.size === 0 || !this.#keys.has(key);
  }

  /** True if the job has the turn; otherwise it proceeds when it has. */
  enter(key: string, job: WaitingJob): boolean {
    let state = this.#keys.get(key);
    if (state === undefined) {
      state = {
        open: 0,
        turn: undefined,
        lastSent: undefined,
        queue: undefined,
        due: undefined,
        passingOn: false,
      };
      this.#keys.set(key, state);
    }
    state.open++;
    if (state.turn === undefined) {
      state.turn = job;
      return true;
    }
    state.queue ??= new JobQueue();
    state.queue.push(job);
    return false;
  }

  /** The job was handed to the driver: the next of its key may go. */
  sent(key: string, job: WaitingJob): void {
    const state = this.#keys.get(key);
    if (state === undefined || state.turn !== job) return;
    state.lastSent = job;
    this.#passOn(state);
  }

  /** Takes the turn back for a retry. False if a later message of the key has been sent, or is about to be. */
  retake(key: string, job: WaitingJob): boolean {
    const state = this.#keys.get(key);
    if (state === undefined) return false;
    if (state.turn === job) return true;
    if (state.lastSent !== job) return false;
    const { turn } = state;
    if (turn !== undefined) {
      if (!hasNotBegun(turn)) return false;
      turn.queue?.remove(turn);
      state.queue ??= new JobQueue();
      state.queue.unshift(turn);
    }
    state.turn = job;
    return true;
  }

  /** The job is over, however it ended. Call once for each `enter`. */
  leave(key: string, job: WaitingJob): void {
    const state = this.#keys.get(key);
    if (state === undefined) return;
    state.open--;
    if (state.turn === job) this.#passOn(state);
    if (state.open === 0) this.#keys.delete(key);
  }

  /** A loop, not recursion: one that goes is often sent at once, and passes the turn on from within that. */
  #passOn(state: KeyState): void {
    state.turn = state.queue?.shift();
    state.due = state.turn;
    if (state.passingOn) return;
    state.passingOn = true;
    for (let job = state.due; job !== undefined; job = state.due) {
      state.due = undefined;
      job.proceed();
    }
    state.passingOn = false;
  }
}

/** Has the turn, and only waits: for a place, or for its topic to be moved. No other code has seen it. */
function hasNotBegun(job: WaitingJob): boolean {
  return job.queue !== undefined && !job.sent && job.inner === undefined;
}
