/** The order of places in a topic whose log may have been made anew. */
import type { Position } from '../../driver/message.js';
import { compareOffsets } from '../../driver/offsets.js';

/** A place in one partition. The offset as text, since it travels in a header. */
export interface LogPlace {
  readonly offset: string;
  /** The incarnation of the log, where there may be several. */
  readonly log?: Position['incarnation'];
}

/** Compares places of one partition. A log comes after those that were noted before it. */
export class LogOrder {
  readonly #logs: LogPlace['log'][] = [];

  /** That log exists, and is newer than those noted before. */
  note({ log }: LogPlace): void {
    if (!this.#logs.includes(log)) this.#logs.push(log);
  }

  /** Negative where `a` is before `b`, 0 for the same place, else positive. A log that was never noted is the newest. */
  compare(a: LogPlace, b: LogPlace): number {
    if (a.log === b.log) return compareOffsets(a.offset, b.offset);
    return this.#indexOf(a.log) - this.#indexOf(b.log);
  }

  #indexOf(log: LogPlace['log']): number {
    const index = this.#logs.indexOf(log);
    return index >= 0 ? index : this.#logs.length;
  }
}

/** One text for a place, to look it up by. */
export function placeId({ offset, log }: LogPlace): string {
  return log === undefined ? offset : `${offset}@${log}`;
}
