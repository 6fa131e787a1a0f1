/** Looking at dead letters, and publishing them back to where they came from. */
import { DeadLetterReader } from '../consume/dead-letter-reader.js';
import type { Driver } from '../driver/driver.js';
import type { IncomingMessage } from '../driver/message.js';
import { findHeader, type HeaderList, headerText } from '../headers.js';
import {
  defaultDeadLetterTopic,
  isDeadLetterTopic,
  REDRIVE_GROUP_HEADER,
  withoutDeadLetterHeaders,
  writtenAt,
} from '../pipeline/dead-letter.js';
import { Letter } from '../pipeline/letter.js';
import { type Message, ReceivedMessage } from '../pipeline/message.js';
import { validateTopicName } from '../topic-name.js';
import * as kinds from '../util/option-kinds.js';
import { checkOptions, optionTable } from '../util/options.js';
import { shown } from '../util/shown.js';
import type { Outbound } from './outbound.js';

/** A message that a group could not handle. */
export interface DeadLetter {
  /** The message as it was, with the dead letter's headers added. */
  readonly message: Message;
  readonly originalTopic: string | undefined;
  readonly originalPosition: string | undefined;
  readonly group: string | undefined;
  readonly errorMessage: string | undefined;
  readonly errorCode: string | undefined;
  readonly attempts: number | undefined;
  readonly failedAt: Date | undefined;
}

export interface RedriveProgress {
  readonly redriven: number;
  /** Kept: the filter left them, or they do not say where they came from. */
  readonly left: number;
  readonly total: number;
}

export interface RedriveOptions {
  /** Which to publish back. Default: all. */
  filter?: (letter: DeadLetter) => boolean;
  /** At most so many. Default: no limit. */
  limit?: number;
  /** Only counts what would be published back. Default false. */
  dryRun?: boolean;
  /** Where the topic's dead letters are, if not in the configured place. */
  deadLetterTopic?: string;
  signal?: AbortSignal;
  onProgress?: (progress: RedriveProgress) => void;
}

/** Of `deadLetters.list`. */
export type ListOptions = Pick<RedriveOptions, 'limit' | 'deadLetterTopic' | 'signal'>;

const LISTING = {
  limit: kinds.positiveInteger,
  deadLetterTopic: kinds.filledText,
  signal: kinds.abortSignal,
};
const LIST_OPTIONS = optionTable<ListOptions>(LISTING);
const REDRIVE_OPTIONS = optionTable<RedriveOptions>({
  ...LISTING,
  filter: kinds.func,
  dryRun: kinds.flag,
  onProgress: kinds.func,
});

export interface DeadLettersOptions {
  driver: Driver;
  outbound: Outbound;
  /** Configured for all topics; empty: `<topic>.dlq`. */
  configuredTopic: string;
}

export class DeadLetters {
  readonly #options: DeadLettersOptions;

  /** @internal */
  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /**
   * The oldest dead letters that were not redriven yet, of a topic or of a dead-letter topic. They stay where they
   * are. Default limit 100.
   */
  async list(topic: string, options: ListOptions = {}): Promise<DeadLetter[]> {
    checkOptions(`deadLetters.list('${shown(topic)}')`, options, LIST_OPTIONS);
    const limit = options.limit ?? 100;
    const letters: DeadLetter[] = [];
    await this.#read(topic, options, async (reader) => {
      for await (const incoming of reader.messages()) {
        if (letters.length >= limit) break;
        const letter = toDeadLetter(incoming);
        if (isOf(topic, letter)) letters.push(letter);
        if (letters.length >= limit) break;
      }
    });
    return letters;
  }

  /**
   * Publishes dead letters back to their original topics, oldest first and one by one, for the group that failed
   * (other ebus groups settle them unhandled; other readers see them again). Each is settled only after that publish
   * is acknowledged; those that stay are appended to the dead-letter topic again. Killed midway it loses nothing:
   * what it was at may be published twice. Dead letters that come in meanwhile are left for the next call.
   */
  async redrive(topic: string, options: RedriveOptions = {}): Promise<RedriveProgress> {
    checkOptions(`deadLetters.redrive('${shown(topic)}')`, options, REDRIVE_OPTIONS);
    const { filter, dryRun = false, onProgress, limit = Number.MAX_SAFE_INTEGER } = options;
    let progress: RedriveProgress = { redriven: 0, left: 0, total: 0 };
    await this.#read(topic, options, async (reader, deadLetterTopic, signal) => {
      progress = { ...progress, total: reader.left };
      for await (const incoming of reader.messages()) {
        const letter = toDeadLetter(incoming);
        const chosen =
          letter.originalTopic !== undefined && isOf(topic, letter) && (filter?.(letter) ?? true);
        if (!dryRun) {
          await (chosen
            ? this.#publishBack(letter, incoming, signal)
            : this.#append(deadLetterTopic, incoming, signal));
          await reader.settle(incoming, 'handled');
        }
        const key = chosen ? 'redriven' : 'left';
        progress = { ...progress, [key]: progress[key] + 1 };
        onProgress?.(progress);
        if (progress.redriven >= limit) break;
      }
    });
    return progress;
  }

  async #read(
    topic: string,
    options: { deadLetterTopic?: string; signal?: AbortSignal },
    work: (reader: DeadLetterReader, deadLetterTopic: string, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    validateTopicName(topic);
    const { driver, configuredTopic } = this.#options;
    const signal = options.signal ?? new AbortController().signal;
    const deadLetterTopic = options.deadLetterTopic ?? this.#topicOf(topic, configuredTopic);
    validateTopicName(deadLetterTopic);
    if (
      driver.admin !== undefined &&
      (await driver.admin.describe(deadLetterTopic, { signal })) === undefined
    )
      return;
    const reader = await DeadLetterReader.open(driver, deadLetterTopic, signal);
    try {
      await work(reader, deadLetterTopic, signal);
    } finally {
      await reader.close();
    }
  }

  #topicOf(topic: string, configured: string): string {
    if (isDeadLetterTopic(topic)) return topic;
    return configured === '' ? defaultDeadLetterTopic(topic) : configured;
  }

  async #publishBack(letter: DeadLetter, incoming: IncomingMessage, signal: AbortSignal): Promise<void> {
    const headers = [...withoutDeadLetterHeaders(incoming.headers)];
    if (letter.group !== undefined) headers.push([REDRIVE_GROUP_HEADER, letter.group]);
    await this.#publish(letter.originalTopic as string, incoming, headers, signal);
  }

  async #append(deadLetterTopic: string, incoming: IncomingMessage, signal: AbortSignal): Promise<void> {
    await this.#publish(deadLetterTopic, incoming, incoming.headers, signal);
  }

  async #publish(
    topic: string,
    { key, value }: IncomingMessage,
    headers: HeaderList,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#options.outbound.publishLetter(new Letter({ topic, key, value, headers }), signal, 'redrive');
  }
}

/** Several topics may share a dead-letter topic. */
function isOf(topic: string, letter: DeadLetter): boolean {
  return isDeadLetterTopic(topic) || letter.originalTopic === topic;
}

function toDeadLetter(incoming: IncomingMessage): DeadLetter {
  const text = (name: string) => {
    const value = findHeader(incoming.headers, name);
    return value === undefined ? undefined : headerText(value);
  };
  const attempts = Number(text('X-Attempts') ?? Number.NaN);
  const written = writtenAt(incoming.headers);
  const failedAt = new Date(written === undefined ? Number.NaN : headerText(written));
  return {
    message: new ReceivedMessage(incoming),
    originalTopic: text('X-Original-Topic'),
    originalPosition: text('X-Original-Position'),
    group: text('X-Consumer-Group'),
    errorMessage: text('X-Error-Message'),
    errorCode: text('X-Error-Code'),
    attempts: Number.isNaN(attempts) ? undefined : attempts,
    failedAt: Number.isNaN(failedAt.getTime()) ? undefined : failedAt,
  };
}
