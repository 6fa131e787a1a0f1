/** How dead letters are read and moved: by looking, or by a reader that takes them in its turn. */
import type { IncomingMessage } from '../driver/message.js';
import { abortError } from '../errors.js';
import type { PublishReceipt } from '../pipeline/context.js';
import { Turns } from '../util/turns.js';
import type { DeadLetter } from './dead-letter.js';
import { DeadLetterReader, REDRIVE_GROUP } from './dead-letter-reader.js';
import type { DeadLettersOptions } from './dead-letters-options.js';
import type { Letter } from './letter.js';
import { criteriaOf } from './letter-criteria.js';
import type { DestinationRules } from './letter-destination.js';
import type { ListOptions } from './options.js';
import type { Place } from './places.js';
import { Redrive, type RedriveOptions, type RedriveProgress, type RedriveWork } from './redrive.js';

/** Work on the letters of dead-letter topics. Redrives of one topic take turns. */
export class LetterWork {
  readonly #options: DeadLettersOptions;
  /** By dead-letter topic: two redrives at once would take letters from each other that the first of them puts back. */
  readonly #turns = new Turns();

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** In its turn: all but those that the destination's rules or the options leave where they are. */
  redrive(
    place: Place,
    rules: DestinationRules,
    options: RedriveOptions,
    publish: RedriveWork['publish'],
    more: Pick<RedriveWork, 'deletes' | 'parks'> = {},
  ): Promise<{ readonly progress: RedriveProgress; readonly deleted: boolean }> {
    return this.#turns.run(place.deadLetterTopic, async () => {
      const redrive = this.#begin(rules, place.signal, options, publish, more);
      const progress = await this.#reading(place, (reader) => redrive.run(reader));
      return { progress, deleted: redrive.deleted };
    });
  }

  publish(letter: Letter, { signal }: Place): Promise<PublishReceipt> {
    return this.#options.publish(letter, signal);
  }

  /** Several topics may share a dead-letter topic. */
  fitting(topic: string, { deadLetterTopic }: Place, options: ListOptions) {
    const fits = criteriaOf(options, this.#options.codec);
    return (letter: DeadLetter, incoming: IncomingMessage) =>
      (deadLetterTopic === topic || letter.originalTopic === topic) && fits(letter, incoming);
  }

  /** What a redrive would do. */
  async count(place: Place, rules: DestinationRules, options: RedriveOptions): Promise<RedriveProgress> {
    const redrive = this.#begin(rules, place.signal, options, () => Promise.resolve());
    return this.look(place, (messages) => redrive.count(messages));
  }

  /** Without taking anything, where the transport can; else by handing the letters back. */
  async look<T>(
    { deadLetterTopic: topic, signal }: Place,
    work: (messages: AsyncIterable<IncomingMessage>) => Promise<T>,
  ): Promise<T> {
    const { driver, clock, logger } = this.#options;
    if (driver.browse !== undefined) {
      return work(driver.browse({ topic, from: { group: REDRIVE_GROUP } }, { signal }));
    }
    return this.#turns.run(topic, async () => {
      const reader = await DeadLetterReader.open({ driver, topic, clock, logger, signal });
      try {
        return await work(reader.messages());
      } finally {
        await reader.close();
      }
    });
  }

  async #reading<T>(
    { deadLetterTopic, signal }: Place,
    work: (reader: DeadLetterReader) => Promise<T>,
  ): Promise<T> {
    const { driver, clock, logger } = this.#options;
    // It may have waited for its turn until now.
    if (signal.aborted) throw abortError(signal, `redriving '${deadLetterTopic}'`);
    const reader = await DeadLetterReader.open({ driver, topic: deadLetterTopic, clock, logger, signal });
    try {
      return await work(reader);
    } finally {
      await reader.close();
    }
  }

  #begin(
    rules: DestinationRules,
    signal: AbortSignal,
    options: RedriveOptions,
    publish: RedriveWork['publish'],
    more: Pick<RedriveWork, 'deletes' | 'parks'> = {},
  ): Redrive {
    const { driver, clock, logger, codec } = this.#options;
    const { limit = Number.MAX_SAFE_INTEGER } = options;
    const mayStay = driver.capabilities('persistent').settle === 'individual';
    const fits = criteriaOf(options, codec);
    const work = { rules, options, limit, signal, clock, logger, mayStay, fits, publish };
    return new Redrive({ ...work, ...more });
  }
}
