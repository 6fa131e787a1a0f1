/** From a seed to a plan. */
import { type Random, randomOf } from '../time/random.js';
import { parted } from './parted.js';
import type { BrokerKind, HandlerFaults, Plan, Step } from './plan.js';
import { ANY_KEY } from './plan.js';
import { NO_WAYS, widen } from './widen.js';

/** The most processes of the service at once. */
export const SLOTS = 3;
const BURST = 40;

/** Every fault is off in some runs, so that one does not always hide behind another. */
function sometimes(random: Random, most: number): number {
  return random.chance(0.45) ? 0 : random.next() * most;
}

/** Plain: as it was before plans were widened. */
export function makePlan(seed: number, broker: BrokerKind, isPlain = false): Plan {
  const plan = plainPlan(seed, broker);
  const wide = isPlain ? plan : widen(plan);
  return broker === 'parted' ? parted(plan, wide) : wide;
}

function plainPlan(seed: number, broker: BrokerKind): Plan {
  const random = randomOf(seed, 'plan');
  const keys = 1 + random.int(5);
  const isBusy = random.chance(0.15);
  // Drawn apart: what is added here leaves the rest of every plan as it was.
  const isSuspended = randomOf(seed, 'suspended').chance(0.2);
  return {
    seed,
    broker,
    settings: {
      keys,
      concurrency: 1 + random.int(6),
      queueSize: random.pick([2, 20, 1000, 1000]),
      maxRetries: random.int(4),
      backoffMs: random.pick([1, 50, 500]),
      processingTimeout: 500 + random.int(5_000),
      overlapAfter: random.chance(0.1) ? random.int(3_000) : undefined,
      onExhausted: random.pick(['dead-letter', 'dead-letter', 'dead-letter', 'halt', 'discard']),
      maxInFlight: random.pick([2, 10, 1000]),
      publishTimeout: random.pick([500, 5_000, 20_000]),
      partitions: 1 + random.int(4),
      singleActive: random.chance(0.5),
    },
    network: {
      requestLost: sometimes(random, 0.1),
      answerLost: sometimes(random, 0.1),
      slow: sometimes(random, 0.5),
      slowMs: random.pick([5, 100, 3_000]),
    },
    // Some services compute and never wait: then the bus has to give way by itself.
    handler: isBusy
      ? { ...busy(random), ...(isSuspended ? { suspended: 0.1 } : {}) }
      : {
          slow: sometimes(random, 0.6),
          slowMs: random.pick([5, 200, 4_000]),
          computes: sometimes(random, 0.5),
          computeMs: random.pick([1, 10, 100]),
          fails: sometimes(random, 0.2),
          permanent: sometimes(random, 0.1),
          hangs: sometimes(random, 0.06),
          ignoresSignal: sometimes(random, 0.06),
          poison: sometimes(random, 0.1),
          killed: sometimes(random, 0.03),
          ...(isSuspended ? { suspended: 0.1 } : {}),
        },
    sends: {
      refused: sometimes(random, 0.1),
      letterRefused: sometimes(random, 0.4),
      letterTooLarge: sometimes(random, 0.1),
    },
    ways: NO_WAYS,
    steps: makeSteps(random, keys, isBusy ? 0.15 : 0.02),
  };
}

function busy(random: Random): HandlerFaults {
  const none = { slow: 0, slowMs: 0, permanent: 0, hangs: 0, ignoresSignal: 0, poison: 0, killed: 0 };
  return {
    ...none,
    computes: 0.5 + random.next() / 2,
    computeMs: random.pick([2, 5, 20]),
    fails: sometimes(random, 0.05),
  };
}

function makeSteps(random: Random, keys: number, bursts: number): Step[] {
  const steps: Step[] = [{ at: 0, do: 'open', slot: 0 }];
  if (random.chance(0.4)) steps.push({ at: random.int(20), do: 'open', slot: 1 });
  let at = 20;
  const count = 5 + random.int(25);
  const pace = random.pick([20, 300, 2_000]);
  for (let i = 0; i < count; i++) {
    // Troubles rarely come alone: what happens at the same time is where promises break.
    at += random.int(random.chance(0.4) ? 30 : pace);
    const step = random.chance(0.5) ? publish(random, at, keys, bursts) : nuisance(random, at);
    steps.push(step);
    // While a burst is being handled, the group shares its partitions out anew.
    if (step.do === 'publish' && step.count >= BURST && random.chance(0.6)) {
      at += random.int(300);
      steps.push({ at, do: 'disturb', what: 'rebalance', n: 0 });
    }
  }
  return steps;
}

function publish(random: Random, at: number, keys: number, bursts: number): Step {
  const count = random.chance(bursts)
    ? BURST + random.int(100)
    : random.chance(0.1)
      ? 5 + random.int(20)
      : 1 + random.int(4);
  return {
    at,
    do: 'publish',
    slot: random.int(SLOTS),
    key: random.chance(0.5) ? ANY_KEY : random.int(keys),
    count,
  };
}

type Maker = (random: Random, at: number, slot: number) => Step;

const DISTURBANCES = [
  'rebalance',
  'rebalance',
  'rebalance',
  'mark',
  'mark',
  'truncate',
  'recreate',
  'delete consumer',
] as const;

const NUISANCES: readonly (readonly [weight: number, make: Maker])[] = [
  [6, (_, at, slot) => ({ at, do: 'open', slot })],
  [3, (random, at, slot) => ({ at, do: 'close', slot, timeout: random.pick([0, 100, 2_000, 20_000]) })],
  [3, (_, at, slot) => ({ at, do: 'kill', slot })],
  [3, (random, at, slot) => ({ at, do: 'cut', slot, ms: random.pick([5, 500, 5_000, 20_000]) })],
  [2, (random, at) => ({ at, do: 'broker restart', ms: random.pick([10, 1_000, 10_000]) })],
  [4, (random, at) => ({ at, do: 'disturb', what: random.pick(DISTURBANCES), n: random.int(1_000) })],
  [2, (random, at, slot) => ({ at, do: 'pause', slot, ms: random.pick([10, 1_000, 20_000]) })],
  [2, (random, at, slot) => ({ at, do: 'update', slot, concurrency: 1 + random.int(8) })],
  [2, (random, at, slot) => ({ at, do: 'resubscribe', slot, timeout: random.pick([0, 100, 5_000]) })],
  [1, (_, at, slot) => ({ at, do: 'reconnect', slot })],
  [1, (random, at, slot) => ({ at, do: 'clock jumps', slot, ms: random.pick([-3_600_000, 3_600_000, -50]) })],
  [1, (_, at, slot) => ({ at, do: 'retry halted', slot })],
  [1, (_, at, slot) => ({ at, do: 'skip halted', slot })],
  [1, (_, at, slot) => ({ at, do: 'abort publishes', slot })],
  [2, (random, at, slot) => ({ at, do: 'redrive', slot, limit: 1 + random.int(10) })],
];
const TOTAL = NUISANCES.reduce((sum, [weight]) => sum + weight, 0);

function nuisance(random: Random, at: number): Step {
  let left = random.next() * TOTAL;
  for (const [weight, make] of NUISANCES) {
    left -= weight;
    if (left < 0) return make(random, at, random.int(SLOTS));
  }
  throw new Error('weights do not add up');
}
