/** Publishes dead letters, and does not give up: the original stays unsettled until its letter is acknowledged. */
import type { Clock } from '../clock.js';
import { formatPosition } from '../driver/message.js';
import type { HeaderList } from '../headers.js';
import type { Logger } from '../logger.js';
import { deadLetterHeaders } from '../pipeline/dead-letter.js';
import { AbortListeners } from '../util/abort-listeners.js';
import { backoffDelay } from '../util/backoff.js';
import type { Delivery } from './delivery.js';

const WRITE_BACKOFF = { base: 200, max: 30_000 };

/** A message published as it is: no middleware, no envelope. */
export interface VerbatimMessage {
  readonly topic: string;
  readonly key: string | Uint8Array | undefined;
  readonly value: Uint8Array;
  readonly headers: HeaderList;
  readonly messageId: string | undefined;
}

/** Publishes one verbatim message to a topic that is created durable if it is missing. */
export type PublishVerbatim = (message: VerbatimMessage, signal: AbortSignal) => Promise<unknown>;

export interface DeadLetterWriterOptions {
  topic: string;
  group: string;
  deadLetterTopic: string;
  publish: PublishVerbatim;
  clock: Clock;
  logger: Logger;
}

export class DeadLetterWriter {
  readonly #options: DeadLetterWriterOptions;
  readonly #stopped = new AbortController();
  /** What waits for the next try; there may be as many as messages in the window. */
  readonly #pauses = new AbortListeners<() => void>((end) => end());

  constructor(options: DeadLetterWriterOptions) {
    this.#options = options;
  }

  /** True once the letter is acknowledged; false only if `stop` was called before that. */
  async write(delivery: Delivery, error: unknown): Promise<boolean> {
    const { topic, group, deadLetterTopic, publish, clock, logger } = this.#options;
    const { incoming } = delivery;
    const reason = {
      topic,
      group,
      error,
      position: incoming.position,
      attempts: delivery.attempts,
      now: clock.now(),
    };
    const letter: VerbatimMessage = {
      topic: deadLetterTopic,
      key: incoming.key,
      value: incoming.value,
      headers: deadLetterHeaders(incoming.headers, reason),
      messageId:
        incoming.position === undefined ? undefined : `${group}:${formatPosition(incoming.position)}`,
    };
    for (let attempt = 1; !this.#stopped.signal.aborted; attempt++) {
      try {
        await publish(letter, this.#stopped.signal);
        return true;
      } catch (err) {
        if (this.#stopped.signal.aborted) break;
        logger.error(
          { err, topic, group, deadLetterTopic, attempt },
          'could not publish a dead letter; trying again',
        );
        await this.#pause(backoffDelay(WRITE_BACKOFF, attempt));
      }
    }
    return false;
  }

  /** Gives up what is not acknowledged yet; those messages stay unsettled. */
  stop(): void {
    this.#stopped.abort();
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      const end = () => {
        this.#options.clock.clearTimeout(timer);
        this.#pauses.remove(signal, end);
        resolve();
      };
      const timer = this.#options.clock.setTimeout(end, ms);
      this.#pauses.add(signal, end);
    });
  }
}
