/** Whether a group has come to rest, so that a member can leave it by a word that arrives: a decision, pure. */

/** A group's state by the broker. */
export interface GroupState {
  /** `Stable`, `PreparingRebalance`, … */
  readonly state: string;
  readonly members: number;
}

/** Of members that hand partitions over, one assignment is followed by a second one within it. */
const QUIET_MS = 500;
/** An answer of the broker is on its way to the member for so long. */
const ARRIVES_MS = 50;

/** Looks at one group again and again. Times are monotonic milliseconds. */
export class Settling {
  #rebalancedAt = Number.NEGATIVE_INFINITY;

  /** @param answeredAt when the group last gave this member an assignment; undefined while it has not */
  isOver({ state, members }: GroupState, now: number, answeredAt: number | undefined): boolean {
    if (/Rebalance$/.test(state)) this.#rebalancedAt = now;
    if (answeredAt === undefined) return false;
    if (members <= 1) return now - this.#rebalancedAt >= ARRIVES_MS;
    return now - Math.max(this.#rebalancedAt, answeredAt) >= QUIET_MS;
  }
}
