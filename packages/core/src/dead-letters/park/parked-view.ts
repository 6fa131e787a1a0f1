/** The parked letters of a dead-letter topic at one moment, of all topics and groups that are asked for. */
import type { Driver } from '../../driver/driver.js';
import type { IncomingMessage } from '../../driver/message.js';
import { sizeOf } from '../../driver/message-size.js';
import { EbusError } from '../../errors.js';
import { type DeadLetter, readDeadLetter } from '../dead-letter.js';
import { compareWithin, type LogPlace, logOf, placeId } from './log-order.js';
import type { LetterNote, ParkNote } from './park-note.js';
import { type ParkedKey, throughOf } from './parked-key.js';
import { ParkedKeys } from './parked-keys.js';
import { type ParkedRecord, parkedRecords } from './parked-letters.js';

/** A key that is parked for one group of one topic. */
export interface ParkedKeyId {
  readonly topic: string;
  readonly group: string;
  readonly key: string;
}

/** A letter that waits. */
export interface LiveLetter extends ParkedKeyId {
  readonly note: LetterNote;
  readonly letter: DeadLetter;
  readonly incoming: IncomingMessage;
}

/** Where to look, and for what. */
export interface ParkedViewOptions {
  readonly driver: Driver;
  readonly deadLetterTopic: string;
  wants(topic: string, group: string): boolean;
}

/** Deletions that are kept in mind at once. */
const MOST_DELETED = 100_000;

interface OfGroup {
  readonly keys: ParkedKeys;
  readonly deleted: Set<string>;
}

/** Letters that are kept from the first reading; where there are more, they are read again. */
const KEPT = { letters: 1_000, bytes: 4 * 1024 * 1024 };

/** Made by reading the topic once. Memory grows with the parked keys, not with their letters: many are read again for `letters`. */
export class ParkedView {
  readonly #options: ParkedViewOptions;
  readonly #groups = new Map<string, OfGroup>();
  #deleted = 0;
  /** All records so far that are letters; undefined where they are too many. */
  #kept: ParkedRecord[] | undefined = [];
  #bytes = 0;

  private constructor(options: ParkedViewOptions) {
    this.#options = options;
  }

  static async read(
    options: ParkedViewOptions,
    signal: AbortSignal,
    told?: (id: ParkedKeyId, note: ParkNote) => void,
  ): Promise<ParkedView> {
    const view = new ParkedView(options);
    for await (const record of parkedRecords(options.driver, options.deadLetterTopic, signal)) {
      const { note, incoming } = record;
      const { originalTopic: topic, group } = readDeadLetter(incoming);
      if (topic === undefined || group === undefined || !options.wants(topic, group)) continue;
      view.#apply(topic, group, note);
      if (note.kind === 'letter') view.#keep(record);
      told?.({ topic, group, key: note.key }, note);
    }
    return view;
  }

  /** No key is parked. */
  get isEmpty(): boolean {
    for (const { keys } of this.#groups.values()) if (keys.size > 0) return false;
    return true;
  }

  /** Undefined where the key is not parked. */
  find({ topic, group, key }: ParkedKeyId): ParkedKey | undefined {
    return this.#groups.get(groupId(topic, group))?.keys.find(key);
  }

  /** Those that wait, each once, in the order of the dead-letter topic. */
  async *letters(signal: AbortSignal): AsyncGenerator<LiveLetter> {
    if (this.isEmpty) return;
    const { driver, deadLetterTopic } = this.#options;
    /** The last one of each key and log. */
    const seen = new Map<string, LogPlace>();
    const records = this.#kept ?? parkedRecords(driver, deadLetterTopic, signal);
    for await (const { note, incoming } of records) {
      if (note.kind !== 'letter') continue;
      const letter = readDeadLetter(incoming);
      const { originalTopic: topic, group } = letter;
      if (topic === undefined || group === undefined) continue;
      const of = this.#groups.get(groupId(topic, group));
      const parked = of?.keys.find(note.key);
      if (of === undefined || parked === undefined) continue;
      const id = `${keyId({ topic, group, key: note.key })}\0${logOf(note.at)}`;
      const before = seen.get(id) ?? throughOf(parked, note.at);
      if (before !== undefined && compareWithin(note.at, before) <= 0) continue;
      seen.set(id, note.at);
      if (of.deleted.has(deletedId(note))) continue;
      yield { topic, group, key: note.key, note, letter, incoming };
    }
  }

  #keep(record: ParkedRecord): void {
    this.#bytes += sizeOf(record.incoming);
    const isTooMuch = this.#bytes > KEPT.bytes || (this.#kept?.length ?? 0) >= KEPT.letters;
    if (isTooMuch) this.#kept = undefined;
    else this.#kept?.push(record);
  }

  #apply(topic: string, group: string, note: ParkNote): void {
    const id = groupId(topic, group);
    let of = this.#groups.get(id);
    if (of === undefined) {
      of = { keys: new ParkedKeys(Number.MAX_SAFE_INTEGER), deleted: new Set() };
      this.#groups.set(id, of);
    }
    of.keys.apply(note);
    if (note.kind !== 'deleted') return;
    of.deleted.add(deletedId(note));
    if (++this.#deleted <= MOST_DELETED) return;
    throw new EbusError(
      `'${this.#options.deadLetterTopic}' has more than ${MOST_DELETED} deleted letters of parked keys`,
      {
        code: 'LIMIT',
      },
    );
  }
}

/** One text for a parked key. */
export function keyId({ topic, group, key }: ParkedKeyId): string {
  return `${topic}\0${group}\0${key}`;
}

function groupId(topic: string, group: string): string {
  return `${topic}\0${group}`;
}

function deletedId({ key, at }: { key: string; at: LogPlace }): string {
  return `${placeId(at)}\0${key}`;
}
