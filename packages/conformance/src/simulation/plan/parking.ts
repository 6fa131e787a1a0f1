/** Makes of a plan one in which keys are parked, and handed back now and then. */
import { randomOf } from '../time/random.js';
import type { Plan, Step } from './plan.js';
import { NO_WAYS } from './widen.js';

/** What parked keys cannot live through: a log that goes back, or is made anew, takes messages and letters apart. */
const APART = new Set<string>(['mark', 'truncate', 'recreate', 'delete topic', 'delete consumer']);

/** Handlers fail for good more often, and never for ever: what is parked can be redriven at the end. */
export function parking(plan: Plan): Plan {
  const random = randomOf(plan.seed, 'parking');
  const end = plan.steps.at(-1)?.at ?? 0;
  const redrives: Step[] = [];
  for (let n = 2 + random.int(6); n > 0; n--)
    redrives.push({ at: random.int(end + 1), do: 'redrive', slot: random.int(3), limit: 1_000 });
  const steps = plan.steps.filter(
    (step) => step.do !== 'skip halted' && (step.do !== 'disturb' || !APART.has(step.what)),
  );
  return {
    ...plan,
    ways: { ...NO_WAYS, batches: plan.ways.batches },
    settings: {
      ...plan.settings,
      onExhausted: 'park',
      maxRetries: Math.min(plan.settings.maxRetries, 1),
      overlapAfter: undefined,
      singleActive: true,
    },
    handler: { ...plan.handler, poison: 0, permanent: 0.05 + 0.25 * random.next(), suspended: 0 },
    sends: { ...plan.sends, letterTooLarge: 0 },
    steps: [...steps, ...redrives].sort((a, b) => a.at - b.at),
  };
}
