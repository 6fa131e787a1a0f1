/** What happened on a test's broker, by topic, in the order in which it happened. */
import type { ConsumeMiddleware, EnvelopeCodec, EventBus } from '@ebus/core';
import type { OutgoingRecord } from '@ebus/core/driver';
import { type Faults, handlerError } from './faults.js';
import {
  type DeadLetteredMessage,
  type FailedAttempt,
  type HandledMessage,
  receivedMessage,
  type SeenMessage,
  sentMessage,
} from './seen-message.js';

/** What happened with a topic so far. The lists are live: they grow. */
export interface Seen {
  /** Stored by the broker, whoever sent it; retries that were stored twice are here twice. */
  readonly published: readonly SeenMessage[];
  /** Handled with success, once for each group. */
  readonly handled: readonly HandledMessage[];
  readonly failed: readonly FailedAttempt[];
  readonly deadLettered: readonly DeadLetteredMessage[];
}

interface Lists extends Seen {
  readonly published: SeenMessage[];
  readonly handled: HandledMessage[];
  readonly failed: FailedAttempt[];
  readonly deadLettered: DeadLetteredMessage[];
}

/** Records for all buses of a test. */
export class Recorder {
  /** Handlers that run at the moment. */
  running = 0;
  readonly #codec: EnvelopeCodec | undefined;
  readonly #faults: Faults;
  readonly #topics = new Map<string, Lists>();

  constructor(codec: EnvelopeCodec | undefined, faults: Faults) {
    this.#codec = codec;
    this.#faults = faults;
  }

  /** Everything of one topic. */
  of(topic: string): Lists {
    let lists = this.#topics.get(topic);
    if (lists === undefined) {
      lists = { published: [], handled: [], failed: [], deadLettered: [] };
      this.#topics.set(topic, lists);
    }
    return lists;
  }

  sent(record: OutgoingRecord): void {
    this.of(record.topic).published.push(sentMessage(record, this.#codec));
  }

  /** Begins to record what a bus handles. */
  watch(bus: EventBus): void {
    bus.use({ consume: this.#consume });
    bus.on('deadLettered', ({ topic, group, message, error, attempts, deadLetterTopic }) => {
      const seen = receivedMessage(message, this.#codec);
      const letter = { group, error, attempts, deadLetterTopic };
      this.of(topic).deadLettered.push(Object.assign(seen, letter));
    });
  }

  /** One line a topic, for errors: `orders: 2 published, 1 handled, 4 failed attempts (the last: …)`. */
  summary(): string {
    const lines = [...this.#topics].flatMap(([topic, { published, handled, failed, deadLettered }]) => {
      if (published.length + handled.length + failed.length + deadLettered.length === 0) return [];
      const counts = [`${published.length} published`, `${handled.length} handled`];
      const last = failed.at(-1);
      if (last !== undefined) counts.push(`${failed.length} failed attempts (the last: ${last.error})`);
      if (deadLettered.length > 0) counts.push(`${deadLettered.length} dead-lettered`);
      return [`  ${topic}: ${counts.join(', ')}`];
    });
    return lines.length === 0 ? 'nothing was published or handled' : `seen so far:\n${lines.join('\n')}`;
  }

  readonly #consume: ConsumeMiddleware = async (context, next) => {
    const { topic, group, attempt, message } = context;
    const fault = this.#faults.handlers.take(topic);
    const seen = () => Object.assign(receivedMessage(message, this.#codec), { group, attempt });
    this.running++;
    try {
      if (fault !== undefined && fault.when !== 'after') throw handlerError(topic, fault);
      await next();
      if (fault !== undefined) throw handlerError(topic, fault);
      this.of(topic).handled.push(seen());
    } catch (error) {
      this.of(topic).failed.push(Object.assign(seen(), { error }));
      throw error;
    } finally {
      this.running--;
    }
  };
}
