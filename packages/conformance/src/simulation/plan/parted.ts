/** Makes of a plan one for topics with partitions on a broker with leases: processes freeze, and partitions change in number. */
import { randomOf } from '../time/random.js';
import type { Plan, Step } from './plan.js';

/** What happens to logs only. In its place the topic gets other partitions. */
const OF_LOGS = new Set<string>(['mark', 'truncate', 'recreate', 'delete topic']);

/** @param wide the same plan with more in it; taken where it keeps order and moves no topic */
export function parted(plan: Plan, wide: Plan): Plan {
  const { ways, ...rest } = wide.ways.moves || wide.ways.unordered ? plan : wide;
  const random = randomOf(plan.seed, 'parted');
  const end = rest.steps.at(-1)?.at ?? 0;
  const more: Step[] = [];
  for (let n = random.int(4); n > 0; n--)
    more.push({
      at: random.int(end + 1),
      do: 'freeze',
      slot: random.int(3),
      ms: random.pick([200, 4_000, 8_000, 20_000]),
    });
  for (let n = random.int(3); n > 0; n--)
    more.push({ at: random.int(end + 1), do: 'open', slot: random.int(3) });
  const steps = rest.steps.map(
    (step): Step =>
      step.do === 'disturb' && OF_LOGS.has(step.what) ? { ...step, what: 'repartition' } : step,
  );
  return { ...rest, ways, steps: [...steps, ...more].sort((a, b) => a.at - b.at) };
}
