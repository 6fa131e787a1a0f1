/** The next letters of a parked key: the oldest ones behind a place, few enough to hold at once. Pure. */
import type { IncomingMessage } from '../../driver/message.js';
import { sizeOf } from '../../driver/message-size.js';
import { EbusError } from '../../errors.js';
import { compareWithin, type LogOrder, type LogPlace, logOf, placeId } from './log-order.js';

/** At most so many letters and bytes are held. One letter always is. */
export interface LettersLimit {
  readonly letters: number;
  readonly bytes: number;
}

/** A letter that waits. */
export interface WaitingLetter {
  readonly at: LogPlace;
  /** As it is in the dead-letter topic. */
  readonly letter: IncomingMessage;
}

/** Deletions of one key that are kept in mind at once. */
const MOST_DELETED = 10_000;

/** Takes all records of one key in any order, several times or once, and keeps the oldest. */
export class NextLetters {
  readonly #order: LogOrder;
  readonly #limit: LettersLimit;
  readonly #letters: (WaitingLetter & { readonly size: number })[] = [];
  readonly #deleted = new Set<string>();
  /** By log: all up to there is handled. */
  readonly #through = new Map<string, LogPlace>();
  readonly #after: LogPlace | undefined;
  #bytes = 0;
  /** From there on some were left out. */
  #end: LogPlace | undefined;

  /** @param after only letters behind it are asked for */
  constructor(order: LogOrder, after: LogPlace | undefined, limit: LettersLimit) {
    this.#order = order;
    this.#after = after;
    this.#limit = limit;
  }

  /** There are more than these. */
  get hasMore(): boolean {
    return this.#end !== undefined;
  }

  offer(at: LogPlace, letter: IncomingMessage): void {
    this.#order.note(at);
    if (this.#isBefore(at) || (this.#end !== undefined && this.#order.compare(at, this.#end) >= 0)) return;
    const index = this.#placeFor(at);
    const there = this.#letters[index];
    if (there !== undefined && this.#order.compare(there.at, at) === 0) return;
    const size = sizeOf(letter);
    this.#letters.splice(index, 0, { at, letter, size });
    this.#bytes += size;
    this.#shrink();
  }

  handled(through: readonly LogPlace[]): void {
    for (const place of through) {
      this.#order.note(place);
      const before = this.#through.get(logOf(place));
      if (before === undefined || compareWithin(place, before) > 0) this.#through.set(logOf(place), place);
    }
    for (let index = this.#letters.length - 1; index >= 0; index--)
      if (this.#isBefore((this.#letters[index] as WaitingLetter).at)) this.#drop(index);
  }

  /** @throws EbusError where too many are */
  deleted(at: LogPlace): void {
    this.#order.note(at);
    if (this.#isBefore(at)) return;
    this.#deleted.add(placeId(at));
    if (this.#deleted.size <= MOST_DELETED) return;
    throw new EbusError(
      `more than ${MOST_DELETED} letters of one parked key were deleted out of turn: delete its oldest ones, or redrive it`,
      { code: 'INVALID_ARGUMENT' },
    );
  }

  /** In the order of the log, without those that were deleted. */
  take(): WaitingLetter[] {
    return this.#letters
      .filter(({ at }) => !this.#deleted.has(placeId(at)))
      .map(({ at, letter }) => ({ at, letter }));
  }

  /** The newest place that was looked at, deleted letters included: the next letters are behind it. */
  get reached(): LogPlace | undefined {
    return this.#letters.at(-1)?.at ?? this.#after;
  }

  #isBefore(at: LogPlace): boolean {
    const through = this.#through.get(logOf(at));
    if (through !== undefined && compareWithin(at, through) <= 0) return true;
    return this.#after !== undefined && this.#order.compare(at, this.#after) <= 0;
  }

  /** Most come in order. */
  #placeFor(at: LogPlace): number {
    let index = this.#letters.length;
    while (index > 0 && this.#order.compare((this.#letters[index - 1] as WaitingLetter).at, at) >= 0) index--;
    return index;
  }

  #shrink(): void {
    while (
      this.#letters.length > 1 &&
      (this.#letters.length > this.#limit.letters || this.#bytes > this.#limit.bytes)
    ) {
      this.#end = (this.#letters.at(-1) as WaitingLetter).at;
      this.#drop(this.#letters.length - 1);
    }
  }

  #drop(index: number): void {
    const [dropped] = this.#letters.splice(index, 1);
    this.#bytes -= dropped?.size ?? 0;
  }
}
