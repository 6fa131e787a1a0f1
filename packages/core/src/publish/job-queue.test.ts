import { expect, it } from 'vitest';
import { JobQueue, type Queued } from './job-queue.js';

class Job implements Queued<Job> {
  queue: Queued<Job>['queue'] = undefined;
  ahead: Job | undefined = undefined;
  behind: Job | undefined = undefined;
  constructor(readonly name: string) {}
}

function queued(...names: string[]) {
  const queue = new JobQueue<Job>();
  const jobs = names.map((name) => new Job(name));
  for (const job of jobs) queue.push(job);
  const rest = () => {
    const left: string[] = [];
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) left.push(job.name);
    return left;
  };
  return { queue, jobs, rest };
}

it('is first in, first out', () => {
  const { queue, rest } = queued('a', 'b');
  queue.unshift(new Job('first'));
  expect([queue.length, queue.first?.name]).toEqual([3, 'first']);
  expect([rest(), queue.length, queue.first]).toEqual([['first', 'a', 'b'], 0, undefined]);
});

it.each([0, 1, 2])('lets number %d leave, which may then wait elsewhere', (index) => {
  const { jobs, rest } = queued('a', 'b', 'c');
  const job = jobs[index] as Job;
  job.queue?.remove(job);
  expect(job).toMatchObject({ queue: undefined, ahead: undefined, behind: undefined });
  expect(rest()).toEqual(['a', 'b', 'c'].filter((name) => name !== job.name));
  const other = queued();
  other.queue.push(job);
  expect(other.rest()).toEqual([job.name]);
});
