/** The dead-letter topic that a call is about, and where its letters may go. */
import type { Driver } from '../driver/driver.js';
import { abortError, ConfigError } from '../errors.js';
import { validateTopicName } from '../topic-name.js';
import { type LinkedSignal, linkedSignal } from '../util/any-signal.js';
import { abortable } from '../util/waiting.js';
import { defaultDeadLetterTopic, isDeadLetterTopic } from './format.js';
import type { DestinationRules } from './letter-destination.js';
import type { ListOptions } from './options.js';
import type { RedriveOptions } from './redrive.js';

/** Letters of one dead-letter topic are read under these. Its signal is released when the call ends. */
export interface Place extends LinkedSignal {
  readonly deadLetterTopic: string;
}

interface PlacesOptions {
  readonly driver: Driver;
  /** Where the subscriptions of this bus to that topic put their dead letters. */
  deadLetterTopicsOf(topic: string): readonly string[];
  /** The topics whose subscriptions on this bus dead-letter into that one. */
  deadLettersInto(deadLetterTopic: string): readonly string[];
  /** Aborts once publishing is refused. */
  readonly refused: AbortSignal;
  /** Configured for all topics; empty: `<topic>.dlq`. */
  readonly configuredTopic: string;
}

/** Finds places from the arguments of `bus.deadLetters`. */
export class Places {
  readonly #options: PlacesOptions;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** @throws TopicNameError */
  of(topic: string, { deadLetterTopic, signal }: ListOptions): Place {
    validateTopicName(topic);
    const { refused } = this.#options;
    const place = deadLetterTopic ?? this.#topicOf(topic);
    validateTopicName(place);
    return {
      deadLetterTopic: place,
      // One of its own in any case: many may listen to it.
      ...linkedSignal(refused, ...(signal === undefined ? [] : [signal])),
    };
  }

  /** Whether the broker has the dead-letter topic. */
  async exists({ deadLetterTopic, signal }: Place): Promise<boolean> {
    const { admin } = this.#options.driver;
    const what = `looking for '${deadLetterTopic}'`;
    if (signal.aborted) throw abortError(signal, what);
    if (admin === undefined) return true;
    return (await abortable(admin.describe(deadLetterTopic, { signal }), signal, what)) !== undefined;
  }

  /** Where letters may be redriven to. @throws TopicNameError, ConfigError */
  rules(asked: string, { deadLetterTopic }: Place, { to = [] }: RedriveOptions): DestinationRules {
    const { configuredTopic, driver } = this.#options;
    const validateName = (name: string) => {
      validateTopicName(name);
      driver.validateTopic?.(name, 'publish');
    };
    for (const name of to) {
      validateName(name);
      if (name !== deadLetterTopic) continue;
      throw new ConfigError(`deadLetters.redrive: to cannot name '${name}', which is where the letters are`);
    }
    return {
      asked,
      deadLetterTopic,
      subscribed: new Set(this.#options.deadLettersInto(deadLetterTopic)),
      to: new Set(to),
      isShared: deadLetterTopic === configuredTopic,
      validateName,
    };
  }

  /** A subscription's setting on this bus comes before the configured one for all. */
  #topicOf(topic: string): string {
    const { configuredTopic } = this.#options;
    if (isDeadLetterTopic(topic) || topic === configuredTopic) return topic;
    const said = new Set(this.#options.deadLetterTopicsOf(topic));
    if (said.size === 1) for (const one of said) return one;
    return configuredTopic === '' ? defaultDeadLetterTopic(topic) : configuredTopic;
  }
}
