/** One task of a keyed pool, from `run` to its end. */
import type { DeadlineEntry } from '../util/deadline-queue.js';

type PoolTaskState = 'waiting' | 'queued' | 'started' | 'ended';

/** A task with its place in the deadline queue. */
export class PoolTask<R = unknown> implements DeadlineEntry {
  /** `waiting` for room, or `queued` in its lane. */
  state: PoolTaskState = 'queued';
  deadline = 0;
  prev: DeadlineEntry | undefined = undefined;
  next: DeadlineEntry | undefined = undefined;
  sequence = 0;
  slot = 0;

  constructor(
    readonly key: string,
    readonly task: () => R | PromiseLike<R>,
    /** When `run` was called, in the pool's monotonic time. */
    readonly calledAt: number,
    readonly signal: AbortSignal | undefined,
    readonly resolve: (result: R) => void,
    readonly reject: (error: unknown) => void,
  ) {}
}
