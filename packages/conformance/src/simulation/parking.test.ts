import { describe, expect, it } from 'vitest';
import { makePlan } from './plan/make-plan.js';
import { parking } from './plan/parking.js';
import type { BrokerKind } from './plan/plan.js';
import { runPlan } from './run.js';

/** More of them: `EBUS_SIM_PARKED=5000`. */
const SEEDS = Number(process.env.EBUS_SIM_PARKED ?? 50);
const FROM = Number(process.env.EBUS_SIM_FROM ?? 1);
const BROKERS: readonly BrokerKind[] = ['log', 'lease', 'parted'];

describe.each(BROKERS)('simulation of parked keys on the %s broker', (broker) => {
  it('handles each key in the order of its log, over parking and redriving', {
    timeout: 600_000,
  }, async () => {
    const counts: Record<string, number> = {};
    for (let seed = FROM; seed < FROM + SEEDS; seed++) {
      const { history } = await runPlan(parking(makePlan(seed, broker, true)));
      for (const [name, count] of history.counts) counts[name] = (counts[name] ?? 0) + count;
      const problems = history.problems.map(({ kind, text }) => `${kind}: ${text}`);
      if (problems.length > 0) expect([`seed ${seed}`, ...problems, ...history.lines()]).toEqual([]);
    }
    for (const name of [
      'parked: letter',
      'parked: note',
      'parked: handled',
      'failure: park',
      'process: killed',
    ])
      expect(counts[name] ?? 0, name).toBeGreaterThan(0);
  });
});
