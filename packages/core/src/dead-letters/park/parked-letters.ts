/** Reads and writes the parked letters of one topic and group. */
import type { Clock } from '../../clock.js';
import type { Driver } from '../../driver/driver.js';
import type { IncomingMessage } from '../../driver/message.js';
import { EbusError } from '../../errors.js';
import { findHeader, type HeaderList, headerText } from '../../headers.js';
import { abortable } from '../../util/waiting.js';
import { PARK_HEADER, withoutDeadLetterHeaders } from '../format.js';
import { Letter, type PublishLetter } from '../letter.js';
import type { LogOrder, LogPlace } from './log-order.js';
import { type LettersLimit, NextLetters, type WaitingLetter } from './next-letters.js';
import { type ParkNote, parkHeader, parkNoteOf, positionOf } from './park-note.js';

/** So many letters of a key are held at once while it is redriven. */
const AT_ONCE: LettersLimit = { letters: 1_000, bytes: 8 * 1024 * 1024 };
const EMPTY = new Uint8Array(0);

/** A record of the dead-letter topic that has to do with a parked key. */
export interface ParkedRecord {
  readonly note: ParkNote;
  readonly incoming: IncomingMessage;
}

/** Whose letters they are, and where. */
export interface ParkedLettersOptions {
  readonly driver: Driver;
  readonly topic: string;
  readonly group: string;
  readonly deadLetterTopic: string;
  readonly clock: Clock;
  readonly publish: PublishLetter;
}

/** The next letters of a key. */
export interface LettersPage {
  readonly letters: readonly WaitingLetter[];
  /** Ask again from here. */
  readonly reached: LogPlace | undefined;
  readonly hasMore: boolean;
}

/** Looks at the dead-letter topic from its beginning, and takes nothing. */
export class ParkedLetters {
  readonly #options: ParkedLettersOptions;

  constructor(options: ParkedLettersOptions) {
    this.#options = options;
  }

  /** All records of the topic and group, oldest first in each partition of the dead-letter topic. */
  async *records(signal: AbortSignal): AsyncGenerator<ParkedRecord> {
    const { topic, group } = this.#options;
    for await (const record of parkedRecords(this.#options.driver, this.#options.deadLetterTopic, signal)) {
      if (belongsTo(record.incoming, topic, group)) yield record;
    }
  }

  /** The oldest letters of a key behind a place: few enough to hold. Reads the whole topic. */
  async next(
    key: string,
    after: LogPlace | undefined,
    order: LogOrder,
    signal: AbortSignal,
  ): Promise<LettersPage> {
    const next = new NextLetters(order, after, AT_ONCE);
    for await (const { note, incoming } of this.records(signal)) {
      if (note.key !== key) continue;
      if (note.kind === 'letter') next.offer(note.at, incoming);
      else if (note.kind === 'deleted') next.deleted(note.at);
      else next.handled(note.through);
    }
    return { letters: next.take(), reached: next.reached, hasMore: next.hasMore };
  }

  /** Writes a note that is no letter, under the key of the letters. @throws what publishing throws */
  async write(note: ParkNote, key: IncomingMessage['key'], signal: AbortSignal): Promise<void> {
    const { topic, group, deadLetterTopic, clock, publish } = this.#options;
    await publish(
      new Letter(
        { topic: deadLetterTopic, key, value: EMPTY, headers: noteHeaders(topic, group, note), isNote: true },
        clock,
      ),
      signal,
    );
  }
}

/** All records of parked keys in a dead-letter topic; none where that does not exist. */
export async function* parkedRecords(
  driver: Driver,
  deadLetterTopic: string,
  signal: AbortSignal,
): AsyncGenerator<ParkedRecord> {
  if (driver.browse === undefined || !(await exists(driver, deadLetterTopic, signal))) return;
  for await (const incoming of driver.browse({ topic: deadLetterTopic, from: 'earliest' }, { signal })) {
    const note = parkNoteOf(incoming);
    if (note !== undefined) yield { note, incoming };
  }
}

/** The message as it was when it was parked. */
export function unparked({ at, letter }: WaitingLetter, topic: string): IncomingMessage {
  const { key, value, tombstone, timestamp, headers, size } = letter;
  return {
    ...{ token: undefined, topic, key, value, tombstone, timestamp, size },
    headers: withoutDeadLetterHeaders(headers),
    position: positionOf(at),
    redelivered: true,
  };
}

/** The headers of a note that is no letter. */
export function noteHeaders(topic: string, group: string, note: ParkNote): HeaderList {
  return [
    ['X-Original-Topic', topic],
    ['X-Consumer-Group', group],
    [PARK_HEADER, parkHeader(note)],
  ];
}

function belongsTo({ headers }: IncomingMessage, topic: string, group: string): boolean {
  return textOf(headers, 'X-Original-Topic') === topic && textOf(headers, 'X-Consumer-Group') === group;
}

function textOf(headers: HeaderList, name: string): string | undefined {
  const value = findHeader(headers, name);
  return value === undefined ? undefined : headerText(value);
}

async function exists(driver: Driver, topic: string, signal: AbortSignal): Promise<boolean> {
  if (driver.admin === undefined) return true;
  const what = `looking for '${topic}'`;
  try {
    return (await abortable(driver.admin.describe(topic, { signal }), signal, what)) !== undefined;
  } catch (error) {
    if (EbusError.isInstance(error) && error.code === 'TOPIC_NOT_FOUND') return false;
    throw error;
  }
}
