/**
 * Where the group stands, for a consumer that has to be made anew: the server forgets it with the consumer. Never beyond
 * the settled messages, and only behind it where other instances take part, whose deliveries are not seen here. Pure.
 */
interface Sequences {
  readonly consumer_seq: number;
  readonly stream_seq: number;
}

/** Of the consumer's state. */
interface Floors {
  readonly ack_floor: Sequences;
  readonly delivered: Sequences;
}

/** Tracks the settled position from the server's answers and from deliveries here. Sequences are those of the stream. */
export class AckFloor {
  /** As the server said: all messages up to this stream sequence are settled. */
  #said = 0;
  /** All messages up to this stream sequence were delivered here, or settled before. */
  #seen = 0;
  /** The consumer's count of the next delivery; one beyond it was another instance's. */
  #next = 1;
  #hasGap = false;

  constructor(info: Floors) {
    this.begin(info);
  }

  /** It delivers more than was seen here: only the server knows those outcomes. */
  get isBehind(): boolean {
    return this.#hasGap;
  }

  /** Another consumer of the same name: its counts are its own. */
  begin({ ack_floor: floor, delivered }: Floors): void {
    // Before the first delivery, servers before 2.10 say only there where it begins.
    const start = delivered.consumer_seq === 0 ? delivered.stream_seq : 0;
    this.#said = Math.max(floor.stream_seq, start);
    this.#seen = this.#said;
    this.#next = floor.consumer_seq + 1;
    this.#hasGap = delivered.consumer_seq > floor.consumer_seq;
  }

  /** The consumer's count of deliveries, and the message's sequence in the stream. */
  delivered(count: number, sequence: number): void {
    if (count > this.#next) this.#hasGap = true;
    if (count !== this.#next) return;
    this.#next++;
    if (sequence > this.#seen) this.#seen = sequence;
  }

  refreshed({ ack_floor: floor, delivered }: Floors): void {
    this.#said = Math.max(this.#said, floor.stream_seq);
    if (floor.consumer_seq + 1 < this.#next) return;
    this.#next = floor.consumer_seq + 1;
    this.#seen = Math.max(this.#seen, floor.stream_seq);
    this.#hasGap = delivered.consumer_seq > floor.consumer_seq;
  }

  /** Up to here all messages are settled. `unsettled`: the sequences that are here and are not. */
  of(unsettled: Iterable<number>): number {
    let lowest = this.#seen + 1;
    for (const sequence of unsettled) if (sequence < lowest) lowest = sequence;
    return Math.max(this.#said, lowest - 1);
  }
}
