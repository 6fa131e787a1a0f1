/**
 * Finds consumers that are stuck while their connection is fine.
 *
 * The state of subscriptions is sampled, not reported: the path of a message stays as it is. Of two samples the oldest
 * unsettled message (the head) is compared: once it is the same for longer than its policy allows, it is stuck.
 */
import { formatDuration } from '../duration.js';
import type { HealthStatus } from './types.js';

/** What there is to see of a subscription at one moment. */
export interface ConsumerSnapshot {
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
  /** Keys that are parked. */
  readonly parked: number;
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
  readonly stallTimeoutMs: number;
}

/** The oldest unsettled message of a consumer. */
export interface ConsumerHead {
  readonly identity: object;
  readonly state: string;
  /** Until when its running attempt may go on, in monotonic time. */
  readonly runsUntil: number | undefined;
}

/** Where the broker says that the group stands on one partition. */
export interface PartitionLagState {
  readonly partition: number;
  readonly lag: number;
  /** Of these, what no member was given yet, where the broker says so. */
  readonly unread?: number | undefined;
  /** Milliseconds, as of when it was last asked, for which the group's position should have moved and did not. */
  readonly unmovedMs: number;
  /** What `received` of the snapshot was when it last moved. */
  readonly receivedThen: number;
}

/** The broker has not answered how far the group is. */
export interface UnknownLag {
  /** For so many milliseconds at least, while connected. */
  readonly forMs: number;
  /** Asking again may help. */
  readonly retryable: boolean;
  /** In words. */
  readonly reason: string;
}

/** One thing that is wrong with a consumer, in words. */
export interface Finding {
  readonly status: Exclude<HealthStatus, 'healthy'>;
  readonly reason: string;
}

interface Seen {
  head: object | undefined;
  headSince: number;
  /** How many were settled by then, and how many were in flight. */
  headSettled: number;
  headInFlight: number;
  settled: number;
  settling: object | undefined;
  settlingSince: number;
  failingSince: number | undefined;
}

/** Compares snapshots over time. Forgets a consumer with its identity. */
export class ConsumerWatch {
  readonly #seen = new WeakMap<object, Seen>();

  /** Samples the consumers; called twice a second. `now` in monotonic time, as for all of these. */
  sample(consumers: readonly ConsumerSnapshot[], now: number): void {
    for (const snapshot of consumers) {
      const seen = this.#seenOf(snapshot, now);
      const settled = snapshot.received - snapshot.inFlight;
      if (seen.head !== snapshot.head?.identity) {
        seen.head = snapshot.head?.identity;
        seen.headSince = now;
        seen.headSettled = settled;
        seen.headInFlight = snapshot.inFlight;
      } else if (snapshot.head?.state === 'queued' && settled !== seen.settled) {
        // Others of the window go on, and its turn comes: after all of them at the latest.
        if (settled - seen.headSettled <= seen.headInFlight) seen.headSince = now;
      }
      seen.settled = settled;
      if (seen.settling !== snapshot.settling) {
        seen.settling = snapshot.settling;
        seen.settlingSince = now;
      }
      if (snapshot.fetchFailures === 0) seen.failingSince = undefined;
      else seen.failingSince ??= now;
    }
  }

  /** The problem of a consumer; `lagStates` as far as its lag was asked for, `unknown` where there was no answer. */
  judge(
    snapshot: ConsumerSnapshot,
    lagStates: readonly PartitionLagState[],
    now: number,
    unknown?: UnknownLag,
  ): Finding[] {
    this.sample([snapshot], now);
    const seen = this.#seenOf(snapshot, now);
    const found = (status: Finding['status'], what: string): Finding => ({
      status,
      reason: `${snapshot.topic} (group ${snapshot.group}): ${what}`,
    });
    return [
      ...handlers(snapshot).map(([status, what]) => found(status, what)),
      ...this.#standstills(snapshot, seen, now).map((what) => found('unhealthy', what)),
      ...positions(snapshot, lagStates).map(([status, what]) => found(status, what)),
      ...unanswered(snapshot, unknown).map(([status, what]) => found(status, what)),
    ];
  }

  #standstills(snapshot: ConsumerSnapshot, seen: Seen, now: number): string[] {
    const { head, stallTimeoutMs, settling, ended } = snapshot;
    const found: string[] = [];
    if (ended) found.push('the transport has ended the subscription, and nothing more is received');
    if (seen.failingSince !== undefined && now - seen.failingSince > stallTimeoutMs) {
      found.push(`fetching has failed for ${lasting(now - seen.failingSince)}`);
    }
    const headAge = now - seen.headSince;
    if (head !== undefined && headAge > stallTimeoutMs && !mayStand(snapshot, head, now)) {
      found.push(
        `settling is stuck: the oldest of ${snapshot.inFlight} unsettled messages is ${head.state} and has not moved ` +
          `for ${lasting(headAge)}`,
      );
    }
    if (settling !== undefined && now - seen.settlingSince > stallTimeoutMs) {
      found.push(`settling is stuck: not confirmed for ${lasting(now - seen.settlingSince)}`);
    }
    return found;
  }

  #seenOf({ identity }: ConsumerSnapshot, now: number): Seen {
    let seen = this.#seen.get(identity);
    if (seen === undefined) {
      seen = {
        head: undefined,
        headSince: now,
        headSettled: 0,
        headInFlight: 0,
        settled: 0,
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
function mayStand({ paused }: ConsumerSnapshot, head: ConsumerHead, now: number): boolean {
  if (head.state === 'halted') return true;
  if (head.state === 'running') return head.runsUntil !== undefined && head.runsUntil >= now;
  return paused && head.state !== 'dead-lettering';
}

function handlers({
  overrunning,
  overlapped,
  halted,
  parked,
}: ConsumerSnapshot): [Finding['status'], string][] {
  const found: [Finding['status'], string][] = [];
  const unreturned = (count: number) =>
    `${count} handler${count === 1 ? ' was' : 's were'} aborted at the processing timeout and did not return`;
  if (overrunning > 0) found.push(['unhealthy', unreturned(overrunning)]);
  if (overlapped > 0) found.push(['degraded', unreturned(overlapped)]);
  if (halted > 0) {
    found.push(['degraded', `${halted} halted; retryHalted() or skipHalted() lets it go on`]);
  }
  if (parked > 0) {
    const keys = parked === 1 ? '1 key is parked' : `${parked} keys are parked`;
    found.push(['degraded', `${keys}; bus.deadLetters.redrive(topic, { key }) hands the messages back`]);
  }
  return found;
}

/** By the broker's answer: a member that takes nothing, or whose progress does not arrive there. */
function positions(
  { partitions, paused, halted, stallTimeoutMs, received }: ConsumerSnapshot,
  lagStates: readonly PartitionLagState[],
): [Finding['status'], string][] {
  if (paused || halted > 0) return [];
  const found: [Finding['status'], string][] = [];
  for (const { partition, lag, unread, unmovedMs, receivedThen } of lagStates) {
    if (lag === 0 || unmovedMs <= stallTimeoutMs || partitions?.has(partition) === false) continue;
    // Busy with other partitions: the turn of this one comes.
    if (partitions !== undefined && unread === lag && received !== receivedThen) continue;
    const what = `the group's position on partition ${partition} has not moved for ${lasting(unmovedMs)}, ${lag} behind`;
    // Partitions that are shared: another member may be what holds it up.
    const here = partitions !== undefined || ((unread ?? lag) > 0 && received === receivedThen);
    found.push([here ? 'unhealthy' : 'degraded', what]);
  }
  return found;
}

/** Who cannot be asked for long is not known to be well. What asking again cannot change is no reason to end the process. */
function unanswered(
  { stallTimeoutMs }: ConsumerSnapshot,
  unknown: UnknownLag | undefined,
): [Finding['status'], string][] {
  if (unknown === undefined || unknown.forMs <= stallTimeoutMs) return [];
  const what = `the broker has not said for ${lasting(unknown.forMs)} how far the group is: ${unknown.reason}`;
  return [[unknown.retryable ? 'unhealthy' : 'degraded', what]];
}

const lasting = (ms: number) => formatDuration(ms < 1_000 ? Math.round(ms) : Math.round(ms / 1_000) * 1_000);
