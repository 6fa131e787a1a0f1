/** The end of a turn of the event loop. */
import type { Clock } from '@ebus/core/driver';

type TurnClock = Pick<Clock, 'setImmediate'>;

const waiting = new WeakMap<TurnClock, (() => void)[]>();

/**
 * Runs it once timers and I/O of this turn had theirs, together with all others of that clock and in their order: the client writes once
 * for all of them. Actions must not throw.
 */
export function atTurnEnd(clock: TurnClock, action: () => void): void {
  const before = waiting.get(clock);
  if (before !== undefined) return void before.push(action);
  const actions = [action];
  waiting.set(clock, actions);
  clock.setImmediate(() => {
    waiting.delete(clock);
    for (const each of actions) each();
  });
}
