import { describe, expect, it } from 'vitest';
import {
  type ConsumerSnapshot,
  ConsumerWatch,
  type PartitionLagState,
  type UnknownLag,
} from './consumers.js';

const healthy: ConsumerSnapshot = {
  identity: {},
  topic: 'orders',
  group: 'billing',
  inFlight: 0,
  head: undefined,
  settling: undefined,
  received: 10,
  halted: 0,
  parked: 0,
  overrunning: 0,
  overlapped: 0,
  paused: false,
  ended: false,
  fetchFailures: 0,
  partitions: undefined,
  stallTimeoutMs: 1_000,
};
const head = (state = 'queued', runsUntil?: number) => ({ identity: {}, state, runsUntil });

/** Judges what it was shown at 0 and shows again at the given time. */
function judgedAfter(
  ms: number,
  snapshot: Partial<ConsumerSnapshot>,
  lagStates: readonly PartitionLagState[] = [],
  unknown?: UnknownLag,
) {
  const watch = new ConsumerWatch();
  const all = { ...healthy, ...snapshot };
  watch.sample([all], 0);
  return watch.judge(all, lagStates, ms, unknown).map(({ status, reason }) => `${status}: ${reason}`);
}

describe('a consumer', () => {
  it('is healthy while it is idle, and while it is busy', () => {
    expect(judgedAfter(1_000_000, {})).toEqual([]);
    const watch = new ConsumerWatch();
    for (let now = 0; now < 100_000; now += 500) {
      const busy = { ...healthy, inFlight: 10_000, head: head('running', now + 1) };
      watch.sample([busy], now);
      expect(watch.judge(busy, [], now)).toEqual([]);
    }
  });

  it.each(['queued', 'backoff', 'dead-lettering', 'running'])('is stuck when its head stays %s', (state) => {
    const stuck = { inFlight: 3, head: head(state, 500) };
    expect(judgedAfter(1_000, stuck)).toEqual([]);
    expect(judgedAfter(1_500, stuck)).toEqual([
      `unhealthy: orders (group billing): settling is stuck: the oldest of 3 unsettled messages is ${state} and has ` +
        'not moved for 2s',
    ]);
  });

  it('may have its head wait for its turn, until as many others were settled as there were', () => {
    const watch = new ConsumerWatch();
    const waiting = head('queued');
    const at = (now: number, settled: number) => {
      const snapshot = { ...healthy, head: waiting, inFlight: 4, received: 4 + settled };
      watch.sample([snapshot], now);
      return watch.judge(snapshot, [], now);
    };
    for (let settled = 0; settled <= 4; settled++) expect(at(settled * 900, settled)).toEqual([]);
    expect(at(4_600, 5)).toEqual([]);
    expect(at(4_700, 6)).toHaveLength(1);
  });

  it('may stand still by intent: paused, halted, or given more time', () => {
    expect(judgedAfter(9_000, { inFlight: 1, head: head('queued'), paused: true })).toEqual([]);
    expect(judgedAfter(9_000, { inFlight: 1, head: head('running', 9_000) })).toEqual([]);
    expect(judgedAfter(9_000, { inFlight: 1, head: head('halted'), halted: 1 })).toEqual([
      'degraded: orders (group billing): 1 halted; retryHalted() or skipHalted() lets it go on',
    ]);
    expect(judgedAfter(9_000, { inFlight: 1, head: head('dead-lettering'), paused: true })).toHaveLength(1);
  });

  it('is unhealthy with handlers that do not return, degraded where that is permitted', () => {
    expect(judgedAfter(0, { overrunning: 1 })).toEqual([
      'unhealthy: orders (group billing): 1 handler was aborted at the processing timeout and did not return',
    ]);
    expect(judgedAfter(0, { overlapped: 2 })).toEqual([
      'degraded: orders (group billing): 2 handlers were aborted at the processing timeout and did not return',
    ]);
  });

  it('is unhealthy when the transport has ended it, when fetching fails on, when settling is not confirmed', () => {
    expect(judgedAfter(0, { ended: true })[0]).toContain('has ended the subscription');
    expect(judgedAfter(1_000, { fetchFailures: 4 })).toEqual([]);
    expect(judgedAfter(61_000, { fetchFailures: 4 })[0]).toContain('fetching has failed for 1m1s');
    expect(judgedAfter(1_001, { settling: {} })[0]).toContain('settling is stuck: not confirmed for 1s');
  });

  it('has its patience again once fetching works', () => {
    const watch = new ConsumerWatch();
    watch.sample([{ ...healthy, fetchFailures: 1 }], 0);
    watch.sample([healthy], 500);
    watch.sample([{ ...healthy, fetchFailures: 1 }], 1_000);
    expect(watch.judge({ ...healthy, fetchFailures: 2 }, [], 1_900)).toEqual([]);
  });
});

describe('a position that does not move on the broker', () => {
  const behind = { partition: 2, lag: 7, unmovedMs: 1_001, receivedThen: 10 };

  it('is this member’s fault on its own partitions, and nobody’s on those of others', () => {
    expect(judgedAfter(0, { partitions: new Set([2]), received: 99 }, [behind])).toEqual([
      "unhealthy: orders (group billing): the group's position on partition 2 has not moved for 1s, 7 behind",
    ]);
    expect(judgedAfter(0, { partitions: new Set([1]) }, [behind])).toEqual([]);
  });

  it('is nobody’s fault where the member is busy with other partitions', () => {
    const untouched = { ...behind, unread: 7 };
    const mine = new Set([2]);
    expect(judgedAfter(0, { partitions: mine, received: 11 }, [untouched])).toEqual([]);
    expect(judgedAfter(0, { partitions: mine, received: 10 }, [untouched])).toHaveLength(1);
    expect(judgedAfter(0, { partitions: mine, received: 11 }, [{ ...behind, unread: 6 }])).toHaveLength(1);
  });

  it('where members share everything: its fault if it takes nothing of what there is', () => {
    expect(judgedAfter(0, {}, [behind])[0]).toMatch(/^unhealthy: /);
    expect(judgedAfter(0, {}, [{ ...behind, unread: 1 }])[0]).toMatch(/^unhealthy: /);
    expect(judgedAfter(0, {}, [{ ...behind, unread: 0 }])[0]).toMatch(/^degraded: /);
    expect(judgedAfter(0, { received: 11 }, [behind])[0]).toMatch(/^degraded: /);
  });

  it('may stand while there is nothing to do, within its patience, paused or halted', () => {
    expect(judgedAfter(0, {}, [{ ...behind, lag: 0 }])).toEqual([]);
    expect(judgedAfter(0, {}, [{ ...behind, unmovedMs: 1_000 }])).toEqual([]);
    expect(judgedAfter(0, { paused: true }, [behind])).toEqual([]);
    expect(judgedAfter(0, { halted: 1 }, [behind])).toHaveLength(1);
  });
});

describe('a broker that does not say how far the group is', () => {
  const unknown = (forMs: number, retryable = true) => ({ forMs, retryable, reason: 'no answer' });

  it('is unhealthy once that has lasted longer than a message may take', () => {
    expect(judgedAfter(0, {}, [], unknown(1_000))).toEqual([]);
    expect(judgedAfter(0, {}, [], unknown(2_000))).toEqual([
      'unhealthy: orders (group billing): the broker has not said for 2s how far the group is: no answer',
    ]);
  });

  it('is degraded where asking again cannot help', () => {
    expect(judgedAfter(0, {}, [], unknown(2_000, false))[0]).toMatch(/^degraded: /);
  });
});
