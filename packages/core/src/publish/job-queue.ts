/** Where publishes wait: first in, first out, and each of them can leave at any time. */

/** A queue's fields in a job. */
export interface Queued<J> {
  /** Where it waits. */
  queue: Pick<JobQueueOf<J>, 'remove'> | undefined;
  ahead: J | undefined;
  behind: J | undefined;
}

/** So that a queue of some kind of job may keep those that are more. */
interface JobQueueOf<J> {
  remove(job: J): void;
}

/** A publish, as far as waiting for its turn and its topic goes. */
export interface WaitingJob extends Queued<WaitingJob> {
  /** The driver has been given the record. */
  readonly sent: boolean;
  /** Middleware awaits it. */
  readonly inner: unknown;
  /** Its wait is over: it goes on. */
  proceed(): void;
}

/** A doubly linked list through the jobs themselves: every operation takes constant time and allocates nothing. */
export class JobQueue<J extends Queued<J>> {
  #first: J | undefined;
  #last: J | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The one that has waited longest, left where it is. */
  get first(): J | undefined {
    return this.#first;
  }

  /** The job must wait in no other queue. */
  push(job: J): void {
    job.queue = this;
    job.ahead = this.#last;
    if (this.#last === undefined) this.#first = job;
    else this.#last.behind = job;
    this.#last = job;
    this.#length++;
  }

  /** Puts it before the first. The job must wait in no other queue. */
  unshift(job: J): void {
    job.queue = this;
    job.behind = this.#first;
    if (this.#first === undefined) this.#last = job;
    else this.#first.ahead = job;
    this.#first = job;
    this.#length++;
  }

  shift(): J | undefined {
    const job = this.#first;
    if (job !== undefined) this.remove(job);
    return job;
  }

  /** The job must wait in this queue. */
  remove(job: J): void {
    const { ahead, behind } = job;
    if (ahead === undefined) this.#first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind.ahead = ahead;
    job.queue = undefined;
    job.ahead = undefined;
    job.behind = undefined;
    this.#length--;
  }
}
