/**
 * Whether each unsettled message of a consumer, up to the newest that it delivered, is known here. JetStream counts the deliveries of
 * a consumer: one that is missing in the count went to another member, or got lost. Pure, but for the clock.
 */
import type { Clock } from '@ebus/core/driver';

/** Of a consumer's state (`ConsumerInfo`). */
interface Counts {
  readonly num_ack_pending: number;
  readonly delivered: { readonly consumer_seq: number };
}

/** Within so many leases, and that much more, the server redelivers a message that no member holds. */
const LATE = { leases: 2, ms: 2_000 };

interface CompletenessOptions {
  readonly clock: Clock;
  /** The lease of a delivery, in milliseconds. */
  readonly ackWait: number;
}

/** In doubt from the beginning, until the server's count of unsettled messages is that of the known ones. */
export class Completeness {
  readonly #options: CompletenessOptions;
  #isComplete = false;
  /** The consumer's count of the next delivery, if that comes here as well. */
  #next: number | undefined;
  /** From this count on all deliveries came here. */
  #since = 0;
  /** Monotonic milliseconds of the last doubt. */
  #doubtedAt: number;

  constructor(options: CompletenessOptions) {
    this.#options = options;
    this.#doubtedAt = options.clock.monotonic();
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** A delivery came, with the consumer's count of it. */
  received(count: number): void {
    if (count !== this.#next) {
      this.#since = count;
      this.doubt();
    }
    this.#next = count + 1;
  }

  /** Deliveries may have gone elsewhere, and which ones the next count will not tell. */
  interrupted(): void {
    this.#next = undefined;
    this.doubt();
  }

  doubt(): void {
    this.#isComplete = false;
    this.#doubtedAt = this.#options.clock.monotonic();
  }

  /**
   * The server's answer about the consumer. `known`: the unsettled messages that are known here, up to the newest one that it has
   * delivered by its answer.
   */
  learn({ num_ack_pending: unsettled, delivered }: Counts, known: number): void {
    const next = delivered.consumer_seq + 1;
    if (this.#next === undefined) {
      this.#next = next;
      this.#since = next;
    }
    // A delivery was missing that the answer does not count.
    if (this.#isComplete || this.#since > next) return;
    this.#isComplete = unsettled === known || (unsettled < known && this.#isLate);
  }

  /** Fewer than are known: some were removed from the stream. One that is not known would have come by now. */
  get #isLate(): boolean {
    const { clock, ackWait } = this.#options;
    return clock.monotonic() - this.#doubtedAt > LATE.leases * ackWait + LATE.ms;
  }
}
