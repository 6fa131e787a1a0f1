/**
 * Finds consumers that are stuck while their connection is fine.
 *
 * What a subscription does is sampled, not reported: the path of a message stays as it is. Of two samples the oldest
 * unsettled message (the head) is compared: once it is the same for longer than its policy allows, it is stuck.
 */
import { formatDuration } from '../duration.js';
import type { HealthStatus } from './types.js';

/** What there is to see of a subscription at one moment. */
export interface ConsumerVitals {
  /** The same object for as long as the subscription lives. */
  readonly identity: object;
  readonly topic: string;
  readonly group: string;
  readonly inFlight: number;
  /** The oldest unsettled message here; another object as soon as it is settled. */
  readonly head: ConsumerHead | undefined;
  /** The oldest call to the driver that has not confirmed settling. */
  readonly settling: object | undefined;
  /** Messages taken from the broker so far. */
  readonly received: number;
  readonly halted: number;
  /** Handlers that were aborted at their timeout, have not returned, and hold their key up. */
  readonly overrunning: number;
  /** The same, where going on regardless is permitted (`overlapAfter`). */
  readonly overlapped: number;
  readonly paused: boolean;
  /** The transport has ended it: nothing more will come. */
  readonly ended: boolean;
  /** How often fetching has failed in a row. */
  readonly fetchFailures: number;
  /** Partitions that are this member's; undefined where the transport does not share topics by partition. */
  readonly partitions: ReadonlySet<number> | undefined;
  /** Milliseconds that the head may take: all its attempts, the pauses between them, and some more. */
  readonly patienceMs: number;
}

export interface ConsumerHead {
  readonly identity: object;
  readonly state: string;
  /** Epoch milliseconds until which its running attempt may go on. */
  readonly runsUntil: number | undefined;
}

/** Where the broker says that the group stands on one partition. */
export interface PartitionStanding {
  readonly partition: number;
  readonly lag: number;
  /** Of these, what no member was given yet, where the broker says so. */
  readonly unread?: number | undefined;
  /** Milliseconds since the group's position last moved, or since there was no lag. */
  readonly unmovedMs: number;
  /** What `received` of the vitals was when it last moved. */
  readonly receivedThen: number;
}

export interface Finding {
  readonly status: Exclude<HealthStatus, 'healthy'>;
  readonly reason: string;
}

interface Seen {
  head: object | undefined;
  headSince: number;
  settling: object | undefined;
  settlingSince: number;
  failingSince: number | undefined;
}

export class ConsumerWatch {
  readonly #seen = new WeakMap<object, Seen>();

  /** Looks at what is at hand; called twice a second. `now` in epoch milliseconds, as for all of these. */
  sample(consumers: readonly ConsumerVitals[], now: number): void {
    for (const vitals of consumers) {
      const seen = this.#seenOf(vitals, now);
      if (seen.head !== vitals.head?.identity) {
        seen.head = vitals.head?.identity;
        seen.headSince = now;
      }
      if (seen.settling !== vitals.settling) {
        seen.settling = vitals.settling;
        seen.settlingSince = now;
      }
      if (vitals.fetchFailures === 0) seen.failingSince = undefined;
      else seen.failingSince ??= now;
    }
  }

  /** What is wrong with a consumer; `standings` as far as its lag was asked for. */
  judge(vitals: ConsumerVitals, standings: readonly PartitionStanding[], now: number): Finding[] {
    this.sample([vitals], now);
    const seen = this.#seenOf(vitals, now);
    const found = (status: Finding['status'], what: string): Finding => ({
      status,
      reason: `${vitals.topic} (group ${vitals.group}): ${what}`,
    });
    return [
      ...handlers(vitals).map(([status, what]) => found(status, what)),
      ...this.#standstills(vitals, seen, now).map((what) => found('unhealthy', what)),
      ...positions(vitals, standings).map(([status, what]) => found(status, what)),
    ];
  }

  #standstills(vitals: ConsumerVitals, seen: Seen, now: number): string[] {
    const { head, patienceMs, settling, ended } = vitals;
    const found: string[] = [];
    if (ended) found.push('the transport has ended the subscription, and nothing more is received');
    if (seen.failingSince !== undefined && now - seen.failingSince > patienceMs) {
      found.push(`fetching has failed for ${lasting(now - seen.failingSince)}`);
    }
    const headAge = now - seen.headSince;
    if (head !== undefined && headAge > patienceMs && !mayStand(vitals, head, now)) {
      found.push(
        `settling is stuck: the oldest of ${vitals.inFlight} unsettled messages is ${head.state} and has not moved ` +
          `for ${lasting(headAge)}`,
      );
    }
    if (settling !== undefined && now - seen.settlingSince > patienceMs) {
      found.push(`settling is stuck: not confirmed for ${lasting(now - seen.settlingSince)}`);
    }
    return found;
  }

  #seenOf({ identity }: ConsumerVitals, now: number): Seen {
    let seen = this.#seen.get(identity);
    if (seen === undefined) {
      seen = {
        head: undefined,
        headSince: now,
        settling: undefined,
        settlingSince: now,
        failingSince: undefined,
      };
      this.#seen.set(identity, seen);
    }
    return seen;
  }
}

/** Standing still by intent: paused or halted by hand, or an attempt that was given more time. */
function mayStand({ paused }: ConsumerVitals, head: ConsumerHead, now: number): boolean {
  if (head.state === 'halted') return true;
  if (head.state === 'running') return head.runsUntil !== undefined && head.runsUntil >= now;
  return paused && head.state !== 'dead-lettering';
}

function handlers({ overrunning, overlapped, halted }: ConsumerVitals): [Finding['status'], string][] {
  const found: [Finding['status'], string][] = [];
  const unreturned = (count: number) =>
    `${count} handler${count === 1 ? ' was' : 's were'} aborted at the processing timeout and did not return`;
  if (overrunning > 0) found.push(['unhealthy', unreturned(overrunning)]);
  if (overlapped > 0) found.push(['degraded', unreturned(overlapped)]);
  if (halted > 0) {
    found.push(['degraded', `${halted} halted; retryHalted() or skipHalted() lets it go on`]);
  }
  return found;
}

/** What the broker says: a member that takes nothing, or whose progress does not arrive there. */
function positions(
  { partitions, paused, halted, patienceMs, received }: ConsumerVitals,
  standings: readonly PartitionStanding[],
): [Finding['status'], string][] {
  if (paused || halted > 0) return [];
  const found: [Finding['status'], string][] = [];
  for (const { partition, lag, unread = lag, unmovedMs, receivedThen } of standings) {
    if (lag === 0 || unmovedMs <= patienceMs || partitions?.has(partition) === false) continue;
    const what = `the group's position on partition ${partition} has not moved for ${lasting(unmovedMs)}, ${lag} behind`;
    // Partitions that are shared: another member may be what holds it up.
    const here = partitions !== undefined || (unread > 0 && received === receivedThen);
    found.push([here ? 'unhealthy' : 'degraded', what]);
  }
  return found;
}

const lasting = (ms: number) => formatDuration(ms < 1_000 ? Math.round(ms) : Math.round(ms / 1_000) * 1_000);
