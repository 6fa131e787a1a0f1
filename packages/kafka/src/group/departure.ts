/** Leaving a group by a word that arrives. */
import { anySignal, type Clock, type Logger, pause, within } from '@ebus/core/driver';
import { isAnswering, type Questions } from '../questions.js';
import type { Session } from './session.js';
import { type GroupState, Settling } from './settling.js';

/** The parts that leaving a group needs. */
export interface DepartureOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly group: string;
  questions(): Questions;
  stateOf(group: string): Promise<GroupState>;
}

/** How long leaving waits for a rebalance to end. */
export const SETTLE_DOWN_MS = 5_000;
const SETTLE_POLL_MS = 50;
/** A broker that is there answers within it. */
const ANSWERS_MS = 1_000;

/**
 * Whether the cluster is there. Without it, a question or commit holds the client, and so the process, for long: a
 * commit until the coordinator is back.
 */
export function isThere(
  { clock, questions }: Pick<DepartureOptions, 'clock' | 'questions'>,
  signal: AbortSignal,
): Promise<boolean> {
  return isAnswering(questions, anySignal(clock.timeout(ANSWERS_MS), signal), ANSWERS_MS);
}

/**
 * Waits while the member joins and the group rebalances, bounded. A client that disconnects meanwhile tells the broker
 * nothing, and its share goes to no other member until the session ends: that is warned of.
 */
export async function settleDown(session: Session, options: DepartureOptions): Promise<void> {
  if (session.consumer.subscription().length === 0) return;
  const { group, logger, stateOf, clock } = options;
  const signal = clock.timeout(SETTLE_DOWN_MS);
  const late = () => {
    throw new Error(`it did not end within ${SETTLE_DOWN_MS} ms`);
  };
  try {
    const settling = new Settling();
    while (session.refusal === undefined) {
      session.poller.serve();
      await within(session.assignment.settled, signal, late);
      const state = await within(stateOf(group), signal, late);
      if (settling.isOver(state, clock.monotonic(), session.assignment.answeredAt)) return;
      if (signal.aborted) late();
      await pause(clock, SETTLE_POLL_MS);
    }
  } catch (err) {
    const text =
      'left a Kafka group while it rebalances: what was this member’s waits until its session ends';
    logger.warn({ err, group }, text);
  }
}
