/** Places in the logs that a key's messages come from: its partition, and others where keys move or logs are made anew. */
import type { Position } from '../../driver/message.js';
import { compareOffsets } from '../../driver/offsets.js';

/** A place in one log of a topic. The offset as text, since it travels in a header. */
export interface LogPlace {
  readonly partition: number;
  readonly offset: string;
  /** The incarnation of the log, where there may be several. */
  readonly log?: Position['incarnation'];
}

/** Names the log of a place. Offsets are compared within one log only. */
export function logOf({ partition, log }: LogPlace): string {
  return log === undefined ? String(partition) : `${partition}@${log}`;
}

/** One text for a place, to look it up by. */
export function placeId(place: LogPlace): string {
  return `${place.offset} ${logOf(place)}`;
}

/** Negative where `a` is before `b`, 0 for the same place, else positive. Of one log. */
export function compareWithin(a: LogPlace, b: LogPlace): number {
  return compareOffsets(a.offset, b.offset);
}

/** An order over all logs: one after the other, in the order in which they were noted. */
export class LogOrder {
  readonly #logs: string[] = [];

  /** That log exists, and comes after those that were noted before. */
  note(place: LogPlace): void {
    const log = logOf(place);
    if (!this.#logs.includes(log)) this.#logs.push(log);
  }

  /** Negative where `a` is before `b`, 0 for the same place, else positive. Their logs must have been noted. */
  compare(a: LogPlace, b: LogPlace): number {
    const [one, other] = [logOf(a), logOf(b)];
    return one === other ? compareWithin(a, b) : this.#logs.indexOf(one) - this.#logs.indexOf(other);
  }
}
