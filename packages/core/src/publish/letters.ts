/** Publishing letters: dead letters and redriven ones, as they are. */
import type { Clock } from '../clock.js';
import { isDeadLetter } from '../dead-letters/format.js';
import type { Letter } from '../dead-letters/letter.js';
import { EbusError, PublishError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { PublishReceipt } from '../pipeline/context.js';
import { idsOf } from '../pipeline/message-ids.js';
import { logFields, type SendSpan, type Telemetry } from '../telemetry/telemetry.js';
import { abortable } from '../util/waiting.js';
import { type OwnTopics, usingOwnTopic } from './own-topic.js';
import { type JobOptions, PublishJob, type Purpose } from './publish-job.js';
import type { TopicRoutes } from './topic-routes.js';

/** How many ids, each made of chance, a broker may call known before it is taken for broken. */
const MAX_DUPLICATES = 5;

/** The topics of the bus, as letters use them. */
export interface LetterTopics extends OwnTopics {
  /** Resolves once the dead-letter topic is there. `of`: the topics whose dead letters go there. */
  ensureDeadLetterTopic(topic: string, of: () => readonly string[]): Promise<void>;
}

/** Parts of a `LetterPublisher`. */
export interface LetterPublisherOptions {
  readonly routes: TopicRoutes;
  readonly topics: LetterTopics;
  readonly clock: Pick<Clock, 'timeout'>;
  readonly logger: Logger;
  readonly telemetry: Telemetry | undefined;
  /** Of letters that say nothing else. */
  readonly defaults: JobOptions;
  submit(job: PublishJob): Promise<PublishReceipt>;
}

/** Publishes letters through the publisher, past middleware and rate limit. */
export class LetterPublisher {
  readonly #options: LetterPublisherOptions;

  constructor(options: LetterPublisherOptions) {
    this.#options = options;
  }

  /**
   * Publishes a dead letter or a redrive as it is: no middleware, no check. Where the broker takes it for one that it has,
   * although this process never sent it, it is sent again under another id.
   * @throws PublishError `PUBLISH_FAILED`, not retryable, where the broker does so for several ids
   */
  async publish(
    letter: Letter,
    signal: AbortSignal | undefined,
    purpose: Purpose,
    options: JobOptions = this.#options.defaults,
  ): Promise<PublishReceipt> {
    const { topic, key, value, headers } = letter;
    const { routes, logger } = this.#options;
    const route = routes.route(topic);
    for (let tries = 1; ; tries++) {
      const id = route.messageId(letter.id);
      const job = new PublishJob(route, key, value, headers, id, false, { ...options, signal }, undefined);
      job.purpose = purpose;
      job.span = this.#startSpan(letter);
      job.tombstone = letter.tombstone;
      job.partition = letter.partition;
      // What the application published had been admitted, and so is its letter.
      job.entered = purpose === 'publisher-letter';
      let receipt: PublishReceipt;
      try {
        receipt = await this.#options.submit(job);
      } catch (error) {
        letter.mayBeStored ||= job.sent && EbusError.isInstance(error) && error.retryable;
        throw error;
      }
      if (receipt.duplicate !== true || letter.mayBeStored || job.attempts > 1) return receipt;
      if (tries === MAX_DUPLICATES) throw alwaysDuplicate(topic);
      letter.renewId();
      logger.warn(
        { topic, id, ...logFields(letter.cause) },
        'the broker took a letter for one that it has, and it had none; sending it again under another id',
      );
    }
  }

  #startSpan({ topic, key, value, tombstone, headers, cause, isNote }: Letter): SendSpan | undefined {
    const { telemetry } = this.#options;
    if (telemetry?.active !== true || isNote) return undefined;
    const { eventId, correlationId } = idsOf({ key, headers }, undefined);
    return telemetry.startLetter({
      operation: isDeadLetter(headers) ? 'dead-letter' : 'redrive',
      ...{ topic, key, tombstone, headers, cause },
      bodySize: value.byteLength,
      messageId: eventId,
      conversationId: correlationId,
    });
  }

  /** The same, once its topic is there. `of`: the topics whose dead letters go there, this one's among them. */
  async publishDeadLetter(
    letter: Letter,
    of: () => readonly string[],
    signal: AbortSignal | undefined,
    purpose: 'dead-letter' | 'publisher-letter',
    options?: JobOptions,
  ): Promise<PublishReceipt> {
    const { topics } = this.#options;
    return usingOwnTopic(topics, letter.topic, async () => {
      const ensured = topics.ensureDeadLetterTopic(letter.topic, of);
      const limit = options === undefined ? undefined : this.#options.clock.timeout(options.timeout);
      await abortable(ensured, limit, `looking for '${letter.topic}'`);
      return this.publish(letter, signal, purpose, options);
    });
  }
}

function alwaysDuplicate(topic: string): PublishError {
  return new PublishError(
    `the broker calls every message to '${topic}' a duplicate, whatever its id: ${MAX_DUPLICATES} ids made of chance ` +
      'were refused; look at how it deduplicates',
  );
}
