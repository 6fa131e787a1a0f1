/** The part of `bus.deadLetters` that is about parked keys. */
import type { Clock } from '../../clock.js';
import type { Driver } from '../../driver/driver.js';
import type { IncomingMessage } from '../../driver/message.js';
import type { EnvelopeCodec } from '../../envelope/codec.js';
import type { Logger } from '../../logger.js';
import { isPromise } from '../../util/promise.js';
import { randomUuid } from '../../util/uuid.js';
import { abortable } from '../../util/waiting.js';
import type { DeadLetter } from '../dead-letter.js';
import { Letter } from '../letter.js';
import { criteriaOf } from '../letter-criteria.js';
import { type DestinationRules, destinationOf } from '../letter-destination.js';
import type { RedriveOptions, RedriveProgress } from '../redrive.js';
import { placeId } from './log-order.js';
import { type ParkNote, parkNoteOf } from './park-note.js';
import { noteHeaders } from './parked-letters.js';
import { keyId, ParkedView } from './parked-view.js';
import { commandLetter, type ParkedProgress, ParkedRedrive } from './redrive-parked.js';

/** A parked key of one group. */
export interface ParkedKeySummary {
  readonly topic: string;
  readonly group: string;
  readonly key: string;
  /** How many messages wait. */
  readonly letters: number;
  /** When the oldest of them was dead-lettered. */
  readonly since: Date | undefined;
  /** The failure of the oldest. */
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
}

interface Place {
  readonly deadLetterTopic: string;
  readonly signal: AbortSignal;
}

type Fits = (letter: DeadLetter, incoming: IncomingMessage) => boolean;

interface ParkedActionsOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly codec: EnvelopeCodec;
  publish(letter: Letter, signal: AbortSignal): Promise<unknown>;
}

/** Reads the dead-letter topic from its beginning, and takes nothing. */
export class ParkedActions {
  readonly #options: ParkedActionsOptions;

  constructor(options: ParkedActionsOptions) {
    this.#options = options;
  }

  /** Letters of parked keys, oldest first. */
  async list(place: Place, fits: Fits, limit: number): Promise<DeadLetter[]> {
    const found: DeadLetter[] = [];
    for await (const letter of this.letters(place, fits)) {
      found.push(letter);
      if (found.length >= limit) break;
    }
    return found;
  }

  /** The same, one by one. */
  async *letters(place: Place, fits: Fits): AsyncGenerator<DeadLetter, undefined> {
    for await (const { letter, incoming } of await this.#letters(place))
      if (fits(letter, incoming)) yield letter;
  }

  /** Parked keys whose oldest letter fits. */
  async keys(place: Place, fits: Fits, limit: number): Promise<ParkedKeySummary[]> {
    const found = new Map<
      string,
      { -readonly [F in keyof ParkedKeySummary]: ParkedKeySummary[F] } | undefined
    >();
    let count = 0;
    for await (const live of await this.#letters(place)) {
      const id = keyId(live);
      const summary = found.get(id);
      if (summary !== undefined) summary.letters++;
      if (found.has(id)) continue;
      const isListed = count < limit && fits(live.letter, live.incoming);
      if (!isListed) {
        found.set(id, undefined);
        continue;
      }
      count++;
      const { topic, group, key, letter } = live;
      const { failedAt: since, errorCode, errorMessage } = letter;
      found.set(id, { topic, group, key, letters: 1, since, errorCode, errorMessage });
    }
    return [...found.values()].filter((summary) => summary !== undefined);
  }

  /** True where the letter waited. */
  async delete(place: Place, letter: DeadLetter, isDryRun: boolean): Promise<boolean> {
    const { clock, publish } = this.#options;
    const { message, originalTopic: topic, group } = letter;
    const incoming = incomingOf(letter);
    const note = parkNoteOf(incoming);
    if (note?.kind !== 'letter' || topic === undefined || group === undefined) return false;
    const { key, at } = note;
    const id = keyId({ topic, group, key });
    let isThere = false;
    let others = 0;
    for await (const live of await this.#letters(place)) {
      if (keyId(live) !== id) continue;
      if (placeId(live.note.at) === placeId(at)) isThere = true;
      else others++;
    }
    if (!isThere || isDryRun) return isThere;
    const deleted: ParkNote = { kind: 'deleted', key, at };
    const headers = noteHeaders(topic, group, deleted);
    const record = {
      ...{ topic: place.deadLetterTopic, key: message.key, value: new Uint8Array(0), headers },
      isNote: true,
    };
    await publish(new Letter(record, clock), place.signal);
    if (others > 0) return true;
    // Nothing is left to wait for: the member that has the key lets it go.
    const command = { id: randomUuid(clock), key, partition: at.partition };
    await publish(commandLetter(incoming, topic, group, command, clock), place.signal);
    return true;
  }

  /** Goes on where the redrive of other letters has ended. */
  async redrive(
    { deadLetterTopic, signal }: Place,
    rules: DestinationRules,
    options: RedriveOptions,
    done: RedriveProgress,
  ): Promise<RedriveProgress> {
    const { driver, clock, logger, codec, publish } = this.#options;
    if (driver.browse === undefined) return done;
    const { limit = Number.MAX_SAFE_INTEGER, filter, dryRun, onProgress } = options;
    const fits = criteriaOf(options, codec);
    const isDone = done.redriven >= limit;
    const sum = (parked: ParkedProgress): RedriveProgress => ({
      redriven: done.redriven + parked.redriven,
      left: done.left + parked.left,
      total: done.total + parked.total,
      failed: [...done.failed, ...parked.failed],
    });
    const redrive = new ParkedRedrive({
      ...{ driver, clock, deadLetterTopic, signal },
      limit: isDone ? 0 : limit - done.redriven,
      wants: (topic) => rules.asked === deadLetterTopic || topic === rules.asked,
      goes: async (letter, incoming) => {
        if (destinationOf(letter.originalTopic, rules).kind !== 'goes' || !fits(letter, incoming))
          return false;
        if (filter === undefined) return true;
        const asked = (async () => filter(letter))();
        return abortable(asked, signal, `redriving '${deadLetterTopic}'`);
      },
      publish: (letter) => publish(letter, signal),
      onProgress: (parked) => tell(onProgress, sum(parked), logger, rules.asked),
    });
    return sum(dryRun === true ? await redrive.count() : await redrive.run());
  }

  async #letters({ deadLetterTopic, signal }: Place) {
    const { driver } = this.#options;
    const view = await ParkedView.read({ driver, deadLetterTopic, wants: () => true }, signal);
    return view.letters(signal);
  }
}

function tell(
  listener: RedriveOptions['onProgress'],
  progress: RedriveProgress,
  logger: Logger,
  topic: string,
): void {
  const complain = (err: unknown) =>
    logger.error({ err, topic }, 'onProgress of a redrive threw; it goes on');
  try {
    const outcome: unknown = listener?.(progress);
    if (isPromise(outcome)) Promise.resolve(outcome).catch(complain);
  } catch (err) {
    complain(err);
  }
}

function incomingOf({ message }: DeadLetter): IncomingMessage {
  const { topic, key, data, tombstone, headers } = message;
  return { token: undefined, topic, key, value: data, tombstone, headers: [...headers] };
}
