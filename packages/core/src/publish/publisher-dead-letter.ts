/** The dead letter of an envelope that could not be published. */
import type { EbusError } from '../errors.js';
import { deadLetterHeaders } from '../pipeline/dead-letter.js';
import { PublishJob } from './publish-job.js';
import type { TopicRoute } from './topic-route.js';

/** A raw message: it yields no result, and its own failure makes no further dead letter. */
export function deadLetterOf(job: PublishJob, route: TopicRoute, error: EbusError, now: number): PublishJob {
  const headers = deadLetterHeaders(job.headers, {
    topic: job.topic,
    position: undefined,
    group: undefined,
    error,
    attempts: job.attempts,
    now,
  });
  const options = { timeout: job.options.timeout, retries: job.options.retries, signal: job.options.signal };
  const letter = new PublishJob(
    route,
    job.key,
    job.value,
    headers,
    job.messageId,
    job.ownsValue,
    options,
    undefined,
  );
  letter.verbatim = true;
  return letter;
}
