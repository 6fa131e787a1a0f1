/** Decides how order is recovered after an interruption, from each answer of the broker. Pure. */
import type { Elsewhere } from './elsewhere.js';
import type { LeasedOrder } from './leased-order.js';

/** All that the next step depends on. */
export interface RecoveryState {
  readonly phase: LeasedOrder['phase'];
  readonly elsewhere: Elsewhere;
  readonly ordering: 'instance' | 'cluster';
  /** Other members of the group are at work. */
  readonly others: boolean;
  /** At the last look the broker had forgotten deliveries, and so could not say which are missing. */
  readonly isBehind: boolean;
  /** For so long none has come that a broker would have redelivered the messages of a dead process (`RecoveryWait`). */
  readonly isLate: boolean;
  /** The same of a broker under load. */
  readonly isOverdue: boolean;
  /** Newer messages have taken the room of the missing ones, too. */
  readonly isOverfull: boolean;
  /** Nothing is fetched: paused, or halted. */
  readonly stands: boolean;
  readonly hasHandedBack: boolean;
}

/**
 * - `open`: nothing is missing, or only messages of members that are at work. Everything passes.
 * - `look`: find out which messages may be missing, and collect them (`countToCome`).
 * - `wait`: ask again in a moment.
 * - `hand back`: the messages that stand back go to the broker, and the recovery begins anew.
 * - `give up`: everything passes, although messages are missing.
 */
export type RecoveryStep = 'open' | 'look' | 'wait' | 'hand back' | 'give up';

/** The next step after an answer. */
export function recoveryStep(state: RecoveryState): RecoveryStep {
  const { phase, ordering, others, isBehind, isLate, isOverdue, isOverfull, stands, hasHandedBack } = state;
  const { missing, doubtful, forgotten } = state.elsewhere;
  const knowsAll = forgotten === 0;
  // Members that are at work keep their messages: order within an instance does not wait for them.
  if (phase === 'open' || (ordering === 'instance' && others)) return 'open';
  if (missing + doubtful <= 0 && knowsAll) return 'open';
  if (phase === 'asking' || (isBehind && knowsAll)) return 'look';
  if (!isLate || stands) return 'wait';
  // A doubtful message that no member holds has come by now, unless there was no room for it: there is once all were handed back. And
  // so has one that a member held which waits for these.
  const hadItsTurn = hasHandedBack || (ordering === 'instance' && !isOverfull);
  if (missing <= 0 && knowsAll && hadItsTurn) return 'open';
  // Another member may wait for these, as this one waits for that one's: whoever is given all of them goes on.
  if (ordering === 'cluster') return 'hand back';
  // The broker gives the older messages first, once there is room for them.
  if (isOverfull && !hasHandedBack) return 'hand back';
  return isOverdue ? 'give up' : 'wait';
}

/**
 * How many deliveries have to come at most. Undefined: none for sure, and there is nothing to tell the doubtful ones by.
 *
 * @param isTold it is known which messages may be the missing ones
 */
export function countToCome(
  { missing, doubtful, forgotten }: Elsewhere,
  isTold: boolean,
): number | undefined {
  if (!isTold && missing <= 0 && forgotten === 0) return undefined;
  return Math.max(0, isTold ? missing + doubtful : missing) + forgotten;
}
