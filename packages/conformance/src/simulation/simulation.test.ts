import { describe, expect, it } from 'vitest';
import { KEPT_SEEDS } from './kept-seeds.js';
import { cutPlan } from './plan/cut.js';
import { makePlan } from './plan/make-plan.js';
import type { BrokerKind } from './plan/plan.js';
import { runPlan } from './run.js';
import { simulate } from './simulate.js';

const BROKERS: readonly BrokerKind[] = ['log', 'lease', 'parted'];
/** The gate runs ten thousand of them (`pnpm simulate`). */
const SEEDS = 60;
const told = (problems: readonly { kind: string; text: string }[]) =>
  problems.map(({ kind, text }) => `${kind}: ${text}`);

describe.each(BROKERS)('simulation of core on the %s broker', (broker) => {
  it('keeps every promise for the first seeds', { timeout: 120_000 }, async () => {
    const { seeds, broken } = await simulate({ broker, seeds: SEEDS });
    const [first] = broken;
    const text = first === undefined ? [] : [`seed ${first.seed}`, ...told(first.problems), ...first.history];
    expect(text).toEqual([]);
    expect(seeds).toBe(SEEDS);
  });

  it('does the same again for the same seed', { timeout: 60_000 }, async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const [once, again] = [await runPlan(makePlan(seed, broker)), await runPlan(makePlan(seed, broker))];
      expect(again.history.lines()).toEqual(once.history.lines());
      expect(once.events).toBe(again.events);
    }
  });
});

describe('seeds that have broken something', () => {
  it.each(KEPT_SEEDS)('$seed on the $broker broker: $about', async ({ seed, broker, cut }) => {
    const { history } = await runPlan(cutPlan(makePlan(seed, broker, cut.plain), cut));
    expect(told(history.problems)).toEqual([]);
  });
});

describe('coverage of the simulation', () => {
  it('makes everything happen that it is for', { timeout: 120_000 }, async () => {
    const { counts } = await simulate({ seeds: 360, stopAfter: 360 });
    for (const name of MUST_HAPPEN) expect(counts[name] ?? 0, name).toBeGreaterThan(0);
  });
});

/** What never happens is not tested. */
const MUST_HAPPEN = [
  ...['network: request lost', 'network: answer lost', 'network: answer too late', 'network: message lost'],
  ...['process: killed', 'process: closed', 'step: broker restart', 'step: clock jumps', 'step: resubscribe'],
  ...['group: rebalanced', 'group: revoked', 'group: session expired', 'member: lost partitions'],
  ...['member: position out of range', 'message: forgotten by the broker'],
  ...[
    'partitions: a group moved on',
    'partitions: a member was gone',
    'partitions: one is to move',
    'step: freeze',
  ],
  ...['lease: ran out', 'lease: renewed', 'member: consumer made anew', 'message: stored again'],
  ...['handler: failed', 'handler: hung until its signal', 'handler: ignored its signal', 'handler: poison'],
  ...[
    'handler: computed',
    'handler: overran',
    'handler: suspended',
    'message: dead-lettered',
    'message: halted',
    'message: redriven',
  ],
  ...[
    'send: refused',
    'send: too large',
    'publish: ABORTED',
    'publish: PUBLISH_TIMEOUT',
    'publish: BUS_CLOSED',
  ],
  ...[
    'move: done',
    'driver: batch',
    'topic: made',
    'topic: not found',
    'message: tombstone',
    'handler: without order',
  ],
  ...[
    'failure: retry',
    'failure: discard',
    'failure: halt',
    'failure: dead-letter',
    'driver: reconnect',
    'credit: bytes used up',
  ],
];
