/** Makes of a plan one in which more is done; the plan itself stays as it was. */
import { type Random, randomOf } from '../time/random.js';
import { ANY_KEY, type HandlerFaults, type Plan, type Step, type Ways } from './plan.js';

/** The ways of a plan that was not widened. */
export const NO_WAYS: Ways = {
  unordered: false,
  batches: false,
  admin: false,
  moves: false,
  headers: false,
  tombstones: 0,
  megabytes: 0,
};

/** Every other plan is widened; and some burst in on a group that is shared out anew. */
export function widen(plan: Plan): Plan {
  const random = randomOf(plan.seed, 'wide');
  if (random.chance(0.06)) return overtaken(plan, random);
  return random.chance(0.5) ? withWays(plan, random) : plan;
}

function withWays(plan: Plan, random: Random): Plan {
  const large = randomOf(plan.seed, 'large');
  const isMoving = random.chance(0.3);
  const ways: Ways = {
    moves: isMoving,
    admin: isMoving || random.chance(0.4),
    unordered: !isMoving && random.chance(0.35),
    batches: random.chance(0.4),
    headers: random.chance(0.5),
    tombstones: random.chance(0.3) ? 0.1 : 0,
    // Drawn apart: the rest of the plan stays as it was.
    megabytes: large.chance(0.2) ? large.pick([1, 10, 40]) : 0,
  };
  if (isMoving) return { ...plan, ways, steps: moving(plan.steps, random) };
  if (ways.unordered) return { ...plan, ways, handler: together(plan.handler) };
  if (ways.admin && plan.broker === 'log') return { ...plan, ways, steps: deleting(plan.steps, random) };
  return { ...plan, ways };
}

/** Many run at once. */
function together(handler: HandlerFaults): HandlerFaults {
  return { ...handler, slow: Math.max(handler.slow, 0.7), slowMs: Math.max(handler.slowMs, 100) };
}

/** One process at a time, whose topics are moved between the other steps. */
function moving(steps: readonly Step[], random: Random): Step[] {
  const moves: Step[] = [];
  const end = steps.at(-1)?.at ?? 0;
  let isPersistent = true;
  for (let n = 1 + random.int(5); n > 0; n--) {
    isPersistent = random.chance(0.8) ? !isPersistent : isPersistent;
    const at = random.int(end + 1);
    moves.push({ at, do: 'move', slot: 0, isPersistent });
    // And back, with the first way not at its end.
    if (random.chance(0.4))
      moves.push({ at: at + random.int(50), do: 'move', slot: 0, isPersistent: !isPersistent });
  }
  return inTime([...steps.filter(fitsMoves), ...moves]);
}

/**
 * What a subscription that closes in the midst of it leaves on its former way stays there, with the group. A consumer that an operator
 * has deleted begins anew.
 */
function fitsMoves(step: Step): boolean {
  if (step.do === 'disturb') return step.what !== 'delete consumer';
  return step.do !== 'resubscribe' && (step.do !== 'open' || step.slot === 0);
}

/** The topic is deleted, and made again by whoever uses it next. */
function deleting(steps: readonly Step[], random: Random): Step[] {
  if (random.chance(0.5)) return [...steps];
  const end = steps.at(-1)?.at ?? 0;
  return inTime([...steps, { at: random.int(end + 1), do: 'disturb', what: 'delete topic', n: 0 }]);
}

/**
 * Handlers that never wait, and far more messages than they get through in one turn of the event loop, while partitions come
 * and go: what was received and not begun is then taken away.
 */
function overtaken(plan: Plan, random: Random): Plan {
  const steps: Step[] = [...plan.steps];
  let at = (steps.at(-1)?.at ?? 0) + 2_000;
  for (let n = 1 + random.int(3); n > 0; n--) {
    steps.push({ at, do: 'open', slot: 0 }, { at, do: 'open', slot: 1 });
    at += 500;
    for (const slot of [0, 1])
      steps.push({ at, do: 'publish', slot, key: ANY_KEY, count: 80 + random.int(80) });
    for (let taken = 1 + random.int(3); taken > 0; taken--) {
      at += 1 + random.int(250);
      steps.push(random.chance(0.7) ? { at, do: 'disturb', what: 'rebalance', n: 0 } : loss(random, at));
    }
    at += 2_000;
  }
  const handler = { ...plan.handler, computes: 1, computeMs: 1 + random.int(6), slow: 0, ignoresSignal: 0 };
  const settings = { ...plan.settings, queueSize: 1_000, maxInFlight: 1_000, concurrency: 1 + random.int(8) };
  return { ...plan, handler, settings, steps };
}

/** Long enough for a session to expire. */
function loss(random: Random, at: number): Step {
  return { at, do: 'cut', slot: random.int(2), ms: 7_000 };
}

function inTime(steps: readonly Step[]): Step[] {
  return [...steps].sort((a, b) => a.at - b.at);
}
