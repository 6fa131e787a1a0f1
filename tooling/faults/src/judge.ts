/** Judges the history of a run with the books of the simulation. */
import { History, type Problem } from '../../../packages/conformance/src/simulation/world/history.js';
import { Ledger, type Run } from '../../../packages/conformance/src/simulation/world/ledger.js';
import type { Line } from './fleet.js';

export interface Verdict {
  readonly accepted: number;
  /** Distinct events. */
  readonly handled: number;
  readonly deadLettered: number;
  readonly duplicates: number;
  readonly failedAttempts: number;
  readonly rejected: number;
  /** Handlers of one aggregate at once, in two processes. Why they may be is told in the guide. */
  readonly overlaps: number;
  readonly problems: readonly Problem[];
}

/** Within a whole group the first handlings of an aggregate are in the order of its log. */
const PROMISE = { within: 'cluster', mayOverlap: true } as const;
/** What the books of dead letters would need. */
const SOMEWHERE = {
  ...{ topic: '', persistence: 'persistent' as const, partition: 0, offset: 0, key: undefined, headers: [] },
  ...{ value: new Uint8Array(), tombstone: false, messageId: undefined },
};
const ENDED = /^ended: /;

export function judge(lines: readonly Line[]): Verdict {
  const sorted = lines.toSorted((a, b) => a[1] - b[1]);
  const time = { now: 0 };
  const history = new History(time);
  const ledger = new Ledger(history);
  const running = new Map<string, Map<string, Run>>();
  const counts = { accepted: 0, handled: 0, dead: 0, duplicates: 0, failed: 0, rejected: 0, overlaps: 0 };
  const known = new Set<string>();
  const accepted = new Set<string>();
  const done = new Set<string>();
  const finish = (id: string, kind: 'handled' | 'dead') => {
    if (done.has(id)) counts.duplicates++;
    else counts[kind]++;
    done.add(id);
    ledger.done(id);
  };
  for (const [who, at, kind, key, sequence] of sorted) {
    time.now = at;
    const id = `${key}-${sequence}`;
    const mine = running.get(who) ?? new Map<string, Run>();
    running.set(who, mine);
    switch (kind) {
      case 'publishing':
        // Stored at some time from now on, and before the next of its aggregate.
        if (!known.has(id)) ledger.stored(key, id, { ...SOMEWHERE, at }, false);
        known.add(id);
        break;
      case 'accepted':
        if (!accepted.has(id)) counts.accepted++;
        accepted.add(id);
        ledger.accepted(id);
        break;
      case 'begun': {
        const run: Run = { who, id, key, isValid: () => true };
        for (const [other, runs] of running)
          if (other !== who && [...runs.values()].some((one) => one.key === key)) counts.overlaps++;
        ledger.begins(run, PROMISE);
        mine.set(id, run);
        break;
      }
      case 'handled':
      case 'failed': {
        const run = mine.get(id);
        if (run !== undefined) ledger.ended(run);
        mine.delete(id);
        if (kind === 'handled') finish(id, 'handled');
        else counts.failed++;
        break;
      }
      case 'dead':
        finish(id, 'dead');
        break;
      case 'rejected':
        counts.rejected++;
        break;
      default:
        if (!ENDED.test(key)) break;
        for (const run of mine.values()) ledger.ended(run);
        mine.clear();
    }
  }
  for (const { id, key, accepted: wasAccepted } of ledger.unfinished())
    if (wasAccepted) history.problem('lost', `${id} of ${key} was accepted and never handled`);
  const { dead: deadLettered, failed: failedAttempts, ...rest } = counts;
  return { ...rest, deadLettered, failedAttempts, problems: history.problems };
}
