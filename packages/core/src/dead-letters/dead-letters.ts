import type { IncomingMessage } from '../driver/message.js';
import { isSamePosition } from '../driver/offsets.js';
import type { PublishReceipt } from '../pipeline/context.js';
import { checkOptions } from '../util/options.js';
import { orClosed } from '../util/or-closed.js';
import { shown } from '../util/shown.js';
import { browseLetters } from './browse-letters.js';
import { byFailure, type DeadLetter, readDeadLetter } from './dead-letter.js';
import type { DeadLettersOptions } from './dead-letters-options.js';
import type { Letter } from './letter.js';
import type { DestinationRules } from './letter-destination.js';
import { LetterWork } from './letter-work.js';
import {
  DELETE_OPTIONS,
  type DeleteOptions,
  LIST_OPTIONS,
  type ListOptions,
  PARK_OPTIONS,
  type ParkOptions,
  REDRIVE_OPTIONS,
} from './options.js';
import { untilParked } from './park/park-letter.js';
import { parkNoteOf } from './park/park-note.js';
import { ParkedActions, type ParkedKeySummary } from './park/parked-actions.js';
import { type Place, Places } from './places.js';
import type { RedriveOptions, RedriveProgress } from './redrive.js';

const DEFAULT_LIST_LIMIT = 100;

/** `bus.deadLetters`. Redrives of one dead-letter topic run one after the other. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;
  readonly #work: LetterWork;
  /** Calls under way. */
  readonly #open = new Set<Promise<unknown>>();
  readonly #parked: ParkedActions;
  readonly #places: Places;

  /** @internal */
  constructor(options: DeadLettersOptions) {
    this.#options = options;
    this.#work = new LetterWork(options);
    this.#parked = new ParkedActions(options);
    this.#places = new Places(options);
  }

  /**
   * The oldest dead letters that were not redriven yet, of a topic or of a dead-letter topic; with criteria those that fit all of
   * them. Letters of parked keys are among them (`parkedKey`). Looking takes nothing: any number may look at once, redrives may
   * run meanwhile (their current letter may still be shown), and nothing stays behind.
   * @throws TopicNameError, ConfigError, BusClosedError, EbusError `ABORTED`, and the broker's errors, by rejecting
   */
  async list(topic: string, options: ListOptions = {}): Promise<DeadLetter[]> {
    checkOptions(`deadLetters.list('${shown(topic)}')`, options, LIST_OPTIONS);
    const { limit = DEFAULT_LIST_LIMIT } = options;
    const place = this.#places.of(topic, options);
    return this.#whileOpen(place, options, () => this.#list(topic, place, options, limit));
  }

  async #list(topic: string, place: Place, options: ListOptions, limit: number): Promise<DeadLetter[]> {
    if (!(await this.#places.exists(place))) return [];
    const letters: DeadLetter[] = [];
    const fits = this.#work.fitting(topic, place, options);
    await this.#work.look(place, async (messages) => {
      for await (const incoming of messages) {
        if (parkNoteOf(incoming) !== undefined) continue;
        const letter = readDeadLetter(incoming);
        if (fits(letter, incoming)) letters.push(letter);
        if (letters.length >= limit) break;
      }
    });
    const parked = await this.#parked.list(place, fits, limit);
    return parked.length === 0 ? letters : [...letters, ...parked].sort(byFailure).slice(0, limit);
  }

  /**
   * The same letters one by one, without holding them. Oldest first within each partition of the dead-letter topic; letters of
   * parked keys come last. Default limit: none. @throws what `list` throws, at `next()`
   */
  async *browse(topic: string, options: ListOptions = {}): AsyncGenerator<DeadLetter, undefined> {
    checkOptions(`deadLetters.browse('${shown(topic)}')`, options, LIST_OPTIONS);
    const { limit = Number.MAX_SAFE_INTEGER, signal } = options;
    const { driver, refused } = this.#options;
    const place = this.#places.of(topic, options);
    try {
      if (!(await this.#places.exists(place))) return;
      const fits = this.#work.fitting(topic, place, options);
      yield* browseLetters(driver, place, fits, limit, this.#parked) ??
        (await this.list(topic, { ...options, limit }));
    } catch (error) {
      throw orClosed(error, refused, signal);
    } finally {
      place.release();
    }
  }

  /**
   * The parked keys of a topic, or of a dead-letter topic, oldest first: of each its group, how many letters wait, since when,
   * and the failure of the first. With criteria: those whose oldest letter fits. Reads the dead-letter topic twice.
   * @throws what `list` throws
   */
  async keys(topic: string, options: ListOptions = {}): Promise<ParkedKeySummary[]> {
    checkOptions(`deadLetters.keys('${shown(topic)}')`, options, LIST_OPTIONS);
    const { limit = DEFAULT_LIST_LIMIT } = options;
    const place = this.#places.of(topic, options);
    return this.#whileOpen(place, options, async () => {
      if (!(await this.#places.exists(place))) return [];
      return this.#parked.keys(place, this.#work.fitting(topic, place, options), limit);
    });
  }

  /**
   * Deletes one letter, as `list` returned it: it is never redriven. True where it was there. Of a parked key the others stay, in
   * their order; with its last letter the key is free. Of others, those before it are appended to the dead-letter topic anew.
   * @throws what `redrive` throws
   */
  async delete(topic: string, letter: DeadLetter, options: DeleteOptions = {}): Promise<boolean> {
    checkOptions(`deadLetters.delete('${shown(topic)}')`, options, DELETE_OPTIONS);
    const place = this.#places.of(topic, options);
    const { position } = letter.message;
    return this.#whileOpen(place, options, async () => {
      if (position === undefined || !(await this.#places.exists(place))) return false;
      if (letter.parkedKey !== undefined) return this.#parked.delete(place, letter, options.dryRun === true);
      const isIt = (incoming: IncomingMessage) =>
        incoming.position !== undefined && isSamePosition(incoming.position, position);
      if (options.dryRun === true) {
        return this.#work.look(place, async (messages) => {
          for await (const incoming of messages) if (isIt(incoming)) return true;
          return false;
        });
      }
      const rules = this.#places.rules(topic, place, {});
      const publish = (one: Letter) => this.#work.publish(one, place);
      return (await this.#work.redrive(place, rules, {}, publish, { deletes: isIt })).deleted;
    });
  }

  /**
   * Parks the key of a letter, as `list` returned it: its message goes back, is not handled, and is the first that waits; later
   * messages of the key wait behind it, until the key is redriven. Resolves once the member that has the key has parked it: give a
   * `signal` where there may be none. False where the letter is gone. Letters before it are appended to the dead-letter topic anew.
   * @throws what `redrive` throws; UnsupportedError where the group does not park keys: the letter stays
   */
  async park(topic: string, letter: DeadLetter, options: ParkOptions = {}): Promise<boolean> {
    checkOptions(`deadLetters.park('${shown(topic)}')`, options, PARK_OPTIONS);
    const place = this.#places.of(topic, options);
    const { position } = letter.message;
    const { originalTopic, group } = letter;
    return this.#whileOpen(place, options, async () => {
      if (letter.parkedKey !== undefined) return true;
      if (position === undefined || group === undefined || originalTopic === undefined) return false;
      if (!(await this.#places.exists(place))) return false;
      const filter = ({ message }: DeadLetter) =>
        message.position !== undefined && isSamePosition(message.position, position);
      const only = { filter, limit: 1 };
      const rules = this.#places.rules(topic, place, {});
      const counted = await this.#work.count(place, rules, only);
      if (counted.redriven === 0) return false;
      let sent: PublishReceipt | undefined;
      const publish = async (one: Letter) => {
        const receipt = await this.#work.publish(one, place);
        if (one.topic !== place.deadLetterTopic) sent = receipt;
      };
      await this.#work.redrive(place, rules, only, publish, { parks: true });
      if (sent?.position === undefined) return sent !== undefined;
      const letters = () => this.#list(topic, place, { group }, Number.MAX_SAFE_INTEGER);
      const { clock } = this.#options;
      await untilParked({
        ...{ topic: originalTopic, group, position: sent.position, clock, signal: place.signal, letters },
      });
      return true;
    });
  }

  /**
   * Publishes dead letters back to the topic that they came from, oldest first and one by one, for the group that failed
   * (other ebus groups settle them unhandled; other readers see them again).
   *
   * They go only to the topic itself; given a dead-letter topic, to the topic whose name it has (`x` for `x.dlq`) and to
   * those whose subscriptions on this bus dead-letter into it; and to the topics in `to`. Letters that name another topic, or
   * that the broker refuses, are left and reported in `failed`.
   *
   * Parked keys are handed back to the group's member that has them, which handles their letters in order, before newer messages
   * of the key. The call waits for that, or for the first letter that fails again: then the key stays parked, and is in `failed`. It
   * waits for as long as no member of the group is there: give a `signal`. The letters of a key that was asked for are handed back even
   * if the call ends before.
   *
   * Of the others, each is settled only after its publish was acknowledged; those that stay are appended to the dead-letter topic again.
   * Killed midway it loses nothing: the letter it was at may be published twice. Dead letters that come in meanwhile are left
   * for the next call. Several redrives at once share the letters; on one bus they take turns.
   * @throws TopicNameError, ConfigError, the filter's errors, and EbusError: `ABORTED`, `BUS_CLOSED`; retryable where the
   * broker cannot be reached. Letters redriven by then stay redriven
   */
  async redrive(topic: string, options: RedriveOptions = {}): Promise<RedriveProgress> {
    checkOptions(`deadLetters.redrive('${shown(topic)}')`, options, REDRIVE_OPTIONS);
    const place = this.#places.of(topic, options);
    return this.#whileOpen(place, options, async () => {
      const rules = this.#places.rules(topic, place, options);
      if (!(await this.#places.exists(place))) return { redriven: 0, left: 0, total: 0, failed: [] };
      const done = await this.#redriveOthers(place, rules, options);
      return this.#parked.redrive(place, rules, options, done);
    });
  }

  /** All but parked letters. */
  async #redriveOthers(
    place: Place,
    rules: DestinationRules,
    options: RedriveOptions,
  ): Promise<RedriveProgress> {
    if (options.dryRun === true) return this.#work.count(place, rules, options);
    if (options.key !== undefined) {
      // Mostly it is parked: then the others stay where they are, and are not appended anew.
      const { onProgress: _, ...quietly } = options;
      const counted = await this.#work.count(place, rules, quietly);
      if (counted.redriven === 0) return counted;
    }
    const publish = (letter: Letter) => this.#work.publish(letter, place);
    return (await this.#work.redrive(place, rules, options, publish)).progress;
  }

  /** Work that the closing bus aborts rejects with its error. */
  async #whileOpen<T>(
    place: Place,
    { signal }: { readonly signal?: AbortSignal },
    work: () => Promise<T>,
  ): Promise<T> {
    const working = work();
    this.#open.add(working);
    try {
      return await working;
    } catch (error) {
      throw orClosed(error, this.#options.refused, signal);
    } finally {
      this.#open.delete(working);
      place.release();
    }
  }

  /** Resolves once all calls have released the broker. Never rejects. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#open);
  }
}
