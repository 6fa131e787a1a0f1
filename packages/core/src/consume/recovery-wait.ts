/** How long a recovery waits for missing messages. Pure: the caller says the time. */

/** By then a broker has redelivered a dead process's messages. */
const LATE = { factor: 1.5, extraMs: 1_000 };
/** By then a broker under load has, too: NATS 2.9 redelivers some after two leases only. */
const OVERDUE = { factor: 3, extraMs: 2_000 };

/** What a look finds. */
interface Look {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** So many have to come still. */
  readonly missing: number;
  /** Nothing stands in their way: messages are fetched, and there is room. */
  readonly mayCome: boolean;
}

/**
 * Each missing message that comes begins the wait anew. A full window takes them one by one, and a deadline for all of them would
 * hand them back before the last has come, again and again. So does room for them after a time without, and so does a long time
 * without a look: the process slept, and what the broker sent meanwhile is still on its way.
 */
export class RecoveryWait {
  readonly #leaseMs: number;
  /** When the last one came; undefined where none is waited for. */
  #since: number | undefined;
  #missing = 0;
  #couldCome = true;
  #lookedAt = 0;

  /** @param leaseMs how long the broker leases a delivery */
  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /** So many are waited for from now on, in monotonic milliseconds. */
  begin(now: number, missing: number): void {
    this.#since = now;
    this.#lookedAt = now;
    this.#missing = missing;
  }

  /** None is waited for until the next `begin`. */
  end(): void {
    this.#since = undefined;
  }

  /** Is the next one late, and is it late even for a broker under load? */
  look({ now, missing, mayCome }: Look): { readonly isLate: boolean; readonly isOverdue: boolean } {
    const hasRoomAgain = mayCome && !this.#couldCome;
    const hasSlept = now - this.#lookedAt > this.#leaseMs / 2;
    this.#couldCome = mayCome;
    this.#lookedAt = now;
    const isAnew = missing < this.#missing || hasRoomAgain || hasSlept;
    if (this.#since !== undefined && isAnew) this.begin(now, missing);
    const waited = now - (this.#since ?? now);
    const isOver = ({ factor, extraMs }: typeof LATE) => waited > factor * this.#leaseMs + extraMs;
    return { isLate: isOver(LATE), isOverdue: isOver(OVERDUE) };
  }
}
