/** The offsets that a producer was told, as a check on it. */

/**
 * A producer writes the records of a partition in order, so that each acknowledgement names a later offset than the one before. librdkafka
 * can count an idempotent producer's records of a partition anew (after a topic was forbidden for a moment, or reported as gone, while
 * records of it were on their way). The broker then takes a record for one that it has stored, and acknowledges it at that one's offset:
 * it is nowhere.
 */
export class Acknowledged {
  /** The newest offset of each partition, by topic. */
  readonly #newest = new Map<string, number[]>();

  /** @returns false where it was acknowledged at the offset of an earlier one; an offset below 0 says nothing */
  note(topic: string, partition: number, offset: number): boolean {
    if (offset < 0) return true;
    let offsets = this.#newest.get(topic);
    if (offsets === undefined) {
      offsets = [];
      this.#newest.set(topic, offsets);
    }
    if (offset <= (offsets[partition] ?? -1)) return false;
    offsets[partition] = offset;
    return true;
  }

  /** Another producer writes from now on, or another log is written. */
  clear(): void {
    this.#newest.clear();
  }
}
