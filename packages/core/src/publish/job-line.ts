/** Where publishes wait: first in, first out, and each of them can leave at any time. */
import type { PublishJob } from './publish-job.js';

/** A doubly linked list through the jobs themselves: every operation takes constant time and allocates nothing. */
export class JobLine {
  #first: PublishJob | undefined;
  #last: PublishJob | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The one that has waited longest, left where it is. */
  get first(): PublishJob | undefined {
    return this.#first;
  }

  /** The job must wait in no other line. */
  push(job: PublishJob): void {
    job.line = this;
    job.ahead = this.#last;
    if (this.#last === undefined) this.#first = job;
    else this.#last.behind = job;
    this.#last = job;
    this.#length++;
  }

  /** Puts it before the first. The job must wait in no other line. */
  unshift(job: PublishJob): void {
    job.line = this;
    job.behind = this.#first;
    if (this.#first === undefined) this.#last = job;
    else this.#first.ahead = job;
    this.#first = job;
    this.#length++;
  }

  shift(): PublishJob | undefined {
    const job = this.#first;
    if (job !== undefined) this.remove(job);
    return job;
  }

  /** The job must wait in this line. */
  remove(job: PublishJob): void {
    const { ahead, behind } = job;
    if (ahead === undefined) this.#first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind.ahead = ahead;
    job.line = undefined;
    job.ahead = undefined;
    job.behind = undefined;
    this.#length--;
  }
}
