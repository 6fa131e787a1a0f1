/** Publishes dead letters back to where they came from, one by one, and keeps those that cannot go. */
import type { Clock } from '../clock.js';
import type { IncomingMessage, Position } from '../driver/message.js';
import { EbusError, type ErrorCode } from '../errors.js';
import type { HeaderList } from '../headers.js';
import type { Logger } from '../logger.js';
import { REDRIVE_GROUP_HEADER } from '../reserved-headers.js';
import { isPromise } from '../util/promise.js';
import { shown } from '../util/shown.js';
import { abortable } from '../util/waiting.js';
import { type DeadLetter, readDeadLetter } from './dead-letter.js';
import type { DeadLetterReader } from './dead-letter-reader.js';
import { PARK_REQUEST_HEADER, withoutDeadLetterHeaders } from './format.js';
import { Letter } from './letter.js';
import type { LetterCriteria } from './letter-criteria.js';
import { type DestinationRules, destinationOf } from './letter-destination.js';
import { parkNoteOf } from './park/park-note.js';

/** A dead letter that was to be redriven and could not: it stays in its topic. */
export interface FailedLetter {
  /** Where it was read. It is appended to the dead-letter topic anew. */
  readonly position: Position | undefined;
  readonly key: string | undefined;
  /** The topic that it names. */
  readonly originalTopic: string | undefined;
  /** In words, with what to do about it. */
  readonly reason: string;
}

/** A redrive in figures; the last one is its outcome. */
export interface RedriveProgress {
  readonly redriven: number;
  /** Kept: the filter left them, they belong to other topics, or they failed. */
  readonly left: number;
  /** What there was when the redrive began. */
  readonly total: number;
  /** Of those that were left, the first 1,000 that failed: forged, of a topic that is gone, or refused by the broker. */
  readonly failed: readonly FailedLetter[];
}

/**
 * Which letters to redrive, and where they may go. A parked key goes as a whole, if its oldest letter fits: `{ key }` redrives one
 * key.
 */
export interface RedriveOptions extends LetterCriteria {
  /** Which to publish back. Default: all. One that throws or rejects ends the redrive. */
  filter?: (letter: DeadLetter) => boolean | Promise<boolean>;
  /** At most so many; a parked key that is begun is handed back wholly. Default: no limit. */
  limit?: number;
  /** Only counts what would be published back; takes nothing. Default false. */
  dryRun?: boolean;
  /** Where the topic's dead letters are, if not in the configured place. */
  deadLetterTopic?: string;
  /**
   * Further topics that letters may be published back to. Default: none, so that letters go only to the topic whose dead
   * letters these are: any writer to a dead-letter topic can name any topic in a letter.
   */
  to?: readonly string[];
  signal?: AbortSignal;
  /** Told after each letter. One that throws is logged, and the redrive goes on. */
  onProgress?: (progress: RedriveProgress) => void;
}

const MAX_REPORTED = 1_000;
/** These concern this call or the connection, and not just one letter. */
const ENDS_ALL: ReadonlySet<ErrorCode> = new Set(['ABORTED', 'BUS_CLOSED']);

/** Parts of one redrive. */
export interface RedriveWork {
  readonly rules: DestinationRules;
  readonly options: RedriveOptions;
  readonly limit: number;
  /** Aborts where the caller gives up, or the bus closes. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Letters are settled one by one, so that one can stay behind. */
  readonly mayStay: boolean;
  /** Whether the letter is one that is asked for. */
  fits(letter: DeadLetter, incoming: IncomingMessage): boolean;
  /** Their keys are parked, with these messages as the first that wait, instead of handling them. Default false. */
  readonly parks?: boolean;
  /** Whether the letter is deleted, and the rest stays. */
  deletes?(incoming: IncomingMessage): boolean;
  publish(letter: Letter): Promise<unknown>;
}

/** One redrive at work. */
export class Redrive {
  readonly #work: RedriveWork;
  /** Topic and key of letters that may go later: later letters must not overtake. */
  readonly #held = new Set<string>();
  #progress: RedriveProgress;
  #told = false;
  #deleted = false;

  constructor(work: RedriveWork) {
    this.#work = work;
    this.#progress = { redriven: 0, left: 0, total: 0, failed: [] };
  }

  /** Only counts. @throws the filter's errors */
  async count(letters: AsyncIterable<IncomingMessage>): Promise<RedriveProgress> {
    for await (const incoming of letters) {
      if (parkNoteOf(incoming) !== undefined) continue;
      this.#progress = { ...this.#progress, total: this.#progress.total + 1 };
      if (this.#isDone) continue;
      const letter = readDeadLetter(incoming);
      this.#note(incoming, letter, await this.#judge(letter, incoming));
    }
    return this.#progress;
  }

  /** @throws the filter's errors, and EbusError where the broker cannot be reached */
  async run(reader: DeadLetterReader): Promise<RedriveProgress> {
    this.#progress = { ...this.#progress, total: reader.left };
    for await (const incoming of reader.messages()) {
      // Parked letters are read from the beginning of the topic, wherever this group stands.
      if (parkNoteOf(incoming) !== undefined) {
        await reader.settle(incoming, 'handled');
        this.#progress = { ...this.#progress, total: this.#progress.total - 1 };
        continue;
      }
      if (this.#work.deletes?.(incoming) === true) {
        await reader.settle(incoming, 'handled');
        this.#deleted = true;
        break;
      }
      const letter = readDeadLetter(incoming);
      let verdict = await this.#judge(letter, incoming);
      if (verdict === 'goes') verdict = await this.#sendBack(letter, incoming);
      const problem = verdict === 'goes' ? undefined : await this.#append(incoming);
      if (problem === undefined) await reader.settle(incoming, 'handled');
      else verdict = { reason: problem };
      this.#note(incoming, letter, verdict);
      if (this.#isDone) break;
    }
    return this.#progress;
  }

  /** The letter to delete was there. */
  get deleted(): boolean {
    return this.#deleted;
  }

  get #isDone(): boolean {
    return this.#progress.redriven >= this.#work.limit;
  }

  async #judge(letter: DeadLetter, incoming: IncomingMessage): Promise<Verdict> {
    const { rules, options, deletes, fits } = this.#work;
    if (deletes !== undefined || !fits(letter, incoming)) return 'stays';
    const destination = destinationOf(letter.originalTopic, rules);
    if (destination.kind === 'stays') return 'stays';
    if (options.filter !== undefined && !(await this.#isWanted(options.filter, letter))) return 'stays';
    return destination.kind === 'goes' ? 'goes' : { reason: destination.reason };
  }

  /** A filter that hangs ends with the redrive. */
  #isWanted(filter: NonNullable<RedriveOptions['filter']>, letter: DeadLetter): Promise<boolean> {
    const asked = (async () => filter(letter))();
    return abortable(asked, this.#work.signal, `redriving '${this.#work.rules.deadLetterTopic}'`);
  }

  async #sendBack(
    { originalTopic, group, message }: DeadLetter,
    incoming: IncomingMessage,
  ): Promise<Verdict> {
    const topic = originalTopic as string;
    const place = message.key === undefined ? undefined : `${topic}\0${message.key}`;
    if (place !== undefined && this.#held.has(place)) {
      return { reason: 'an earlier letter of its key could not go back yet; redrive again' };
    }
    const headers = [...withoutDeadLetterHeaders(incoming.headers)];
    if (group !== undefined) headers.push([REDRIVE_GROUP_HEADER, group]);
    if (this.#work.parks === true) headers.push([PARK_REQUEST_HEADER, 'true']);
    try {
      await this.#work.publish(this.#letterOf(topic, incoming, headers));
      return 'goes';
    } catch (error) {
      if (!EbusError.isInstance(error) || ENDS_ALL.has(error.code)) throw error;
      // Where it is the connection, appending fails as well.
      if (error.retryable && place !== undefined) this.#held.add(place);
      return { reason: shown(error, 500) };
    }
  }

  /**
   * The group's position moves past it, so it gets another place. Why it cannot have one, in words, where it can stay
   * where it is instead.
   */
  async #append(incoming: IncomingMessage): Promise<string | undefined> {
    const { rules, publish, mayStay } = this.#work;
    try {
      await publish(this.#letterOf(rules.deadLetterTopic, incoming, incoming.headers));
      return undefined;
    } catch (error) {
      if (!EbusError.isInstance(error) || error.retryable || ENDS_ALL.has(error.code) || !mayStay)
        throw error;
      return `it can neither go back nor be put back: ${shown(error, 500)}`;
    }
  }

  #letterOf(topic: string, { key, value, tombstone }: IncomingMessage, headers: HeaderList): Letter {
    return new Letter({ topic, key, value, tombstone, headers }, this.#work.clock);
  }

  #note({ position }: IncomingMessage, { message, originalTopic }: DeadLetter, verdict: Verdict): void {
    const { redriven, left, total, failed } = this.#progress;
    const { options, logger, rules } = this.#work;
    if (verdict === 'goes') this.#progress = { redriven: redriven + 1, left, total, failed };
    else {
      const one = typeof verdict === 'object' && failed.length < MAX_REPORTED;
      const all = one
        ? [...failed, { position, key: message.key, originalTopic, reason: verdict.reason }]
        : failed;
      this.#progress = { redriven, left: left + 1, total, failed: all };
    }
    const complain = (err: unknown) => {
      if (!this.#told) logger.error({ err, topic: rules.asked }, 'onProgress of a redrive threw; it goes on');
      this.#told = true;
    };
    try {
      const outcome: unknown = options.onProgress?.(this.#progress);
      if (isPromise(outcome)) Promise.resolve(outcome).catch(complain);
    } catch (err) {
      complain(err);
    }
  }
}

/** `stays`: nothing is wrong with it, and it is not to go. */
type Verdict = 'goes' | 'stays' | { readonly reason: string };
