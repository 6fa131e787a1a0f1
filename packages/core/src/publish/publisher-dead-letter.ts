/** The dead letter of an envelope that could not be published. */
import type { Clock } from '../clock.js';
import { deadLetterHeaders } from '../dead-letters/format.js';
import { Letter } from '../dead-letters/letter.js';
import { EbusError } from '../errors.js';
import type { Disclose } from '../util/disclose.js';
import type { LetterPublisher } from './letters.js';
import type { PublishJob } from './publish-job.js';

/** Where envelopes go that could not be published. */
export interface PublisherDeadLetters {
  readonly topic: string;
  readonly letters: LetterPublisher;
  readonly disclose: Disclose;
}

/** Resolves once it is acknowledged. One that is too large is tried once more with only the headers that are needed. */
export async function writeDeadLetter(
  job: PublishJob,
  { topic, letters, disclose }: PublisherDeadLetters,
  error: EbusError,
  clock: Clock,
): Promise<void> {
  const { key, value, headers, attempts, options } = job;
  const reason = {
    topic: job.topic,
    position: undefined,
    group: undefined,
    error,
    disclose,
    attempts,
    now: clock.now(),
  };
  const letter = new Letter({ topic, key, value, headers: deadLetterHeaders(headers, reason) }, clock);
  const of = () => [job.topic];
  const publish = () => letters.publishDeadLetter(letter, of, options.signal, 'publisher-letter', options);
  try {
    await publish();
  } catch (cause) {
    if (!EbusError.isInstance(cause) || cause.code !== 'MESSAGE_TOO_LARGE') throw cause;
    letter.headers = deadLetterHeaders(headers, reason, 'required');
    await publish();
  }
}
