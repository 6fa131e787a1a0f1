/** Judges the history of a run with the books of the simulation. */
import { History, type Problem } from '../../../packages/conformance/src/simulation/world/history.js';
import { Ledger, type Run } from '../../../packages/conformance/src/simulation/world/ledger.js';
import type { Line } from './fleet.js';
import { Sleeps } from './sleeps.js';

export interface Verdict {
  readonly accepted: number;
  /** Distinct events. */
  readonly handled: number;
  readonly deadLettered: number;
  readonly duplicates: number;
  readonly failedAttempts: number;
  readonly rejected: number;
  /** Handlers of one aggregate at once, in two processes. */
  readonly overlaps: number;
  /** Those among them where the first process slept in its handler for most of its lease: it could not know. */
  readonly asleep: number;
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
/** A lease was not renewed for so long, at most, when its process falls asleep: it may run out after the rest of it. */
const REST = 0.5;

interface Begun extends Run {
  readonly at: number;
}

/**
 * @param leaseMs for so long an event is its process's own without a renewal. Then two handlers of one aggregate at once are a problem
 *   where the first of them did not sleep for most of that. By default they are counted.
 */
export function judge(lines: readonly Line[], leaseMs?: number): Verdict {
  const sorted = lines.toSorted((a, b) => a[1] - b[1]);
  const time = { now: 0 };
  const history = new History(time);
  const ledger = new Ledger(history);
  const sleeps = new Sleeps(sorted);
  const running = new Map<string, Map<string, Begun>>();
  const counts = {
    ...{ accepted: 0, handled: 0, dead: 0, duplicates: 0, failed: 0, rejected: 0 },
    ...{ overlaps: 0, asleep: 0 },
  };
  const known = new Set<string>();
  const accepted = new Set<string>();
  const done = new Set<string>();
  const finish = (id: string, kind: 'handled' | 'dead') => {
    if (done.has(id)) counts.duplicates++;
    else counts[kind]++;
    done.add(id);
    ledger.done(id);
  };
  const overlap = (first: Begun, second: Begun) => {
    if (first.who === second.who || first.key !== second.key) return;
    counts.overlaps++;
    const slept = sleeps.longest(first.who, first.at, second.at);
    if (leaseMs === undefined || slept >= REST * leaseMs) counts.asleep += slept > 0 ? 1 : 0;
    else {
      const since = Math.round(second.at - first.at);
      const text = `${second.who} begins ${second.id} while ${first.who} handles ${first.id}, for ${since} ms`;
      history.problem('overlap', `${text}; it slept for ${Math.round(slept)} ms of them`);
    }
  };
  for (const [who, at, kind, key, sequence] of sorted) {
    time.now = at;
    const id = `${key}-${sequence}`;
    const mine = running.get(who) ?? new Map<string, Begun>();
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
        const run: Begun = { who, id, key, at, isValid: () => true };
        for (const runs of running.values()) for (const one of runs.values()) overlap(one, run);
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
