/** Many runs, one for each seed, and a short history of what breaks. */
import { type Cut, cutPlan } from './plan/cut.js';
import { makePlan } from './plan/make-plan.js';
import type { BrokerKind, Plan } from './plan/plan.js';
import { shrink } from './plan/shrink.js';
import { type Outcome, runPlan } from './run.js';
import { VirtualClock } from './time/virtual-clock.js';
import { type App, coreApp } from './world/app.js';
import type { Problem } from './world/history.js';
import { type UserService, userApp } from './world/user-app.js';

/** Options of `simulate`. With `handlers` a user's service runs, without them core's own. */
export interface SimulateOptions<State = unknown> extends Partial<UserService<State>> {
  /** How many seeds. Default 100. */
  seeds?: number;
  /** The first seed. Default 1. */
  from?: number;
  /**
   * Which simulated broker: `log` (partitions, commits), `lease` (deliveries that run out), `parted` (both partitions and leases).
   * Default: each in turn.
   */
  broker?: BrokerKind;
  /** Replays a part of a seed's run, as a broken seed tells it. */
  cut?: Cut;
  /** How many broken seeds to shrink before giving up. Default 1. */
  stopAfter?: number;
  /** Called after each seed, with the number of broken ones so far. */
  onSeed?: (seed: number, broken: number) => void;
}

/** In turn. */
const BROKERS: readonly BrokerKind[] = ['log', 'lease', 'parted'];
/** What shrinking one seed may cost. */
const SHRINKING_EVENTS = 200_000;

/** A seed whose run broke a promise. */
export interface BrokenSeed {
  readonly seed: number;
  readonly broker: BrokerKind;
  /** What was broken in the shortest run that was found. */
  readonly problems: readonly Problem[];
  /** What happened in that run, a line each, with virtual milliseconds. */
  readonly history: readonly string[];
  /** What that run is made of: give it to `simulate` with the seed to replay it. */
  readonly cut: Cut;
}

/** The result of all runs. */
export interface SimulationReport {
  readonly seeds: number;
  /** Seeds that broke a promise; those after `stopAfter` are not among them. */
  readonly broken: readonly BrokenSeed[];
  /** How often each kind of thing happened: what never happens is not tested. */
  readonly counts: Readonly<Record<string, number>>;
  readonly virtualMs: number;
  readonly events: number;
}

/**
 * Runs a service in virtual time, on a simulated broker and network, once for each seed. The seed decides everything: what is
 * published when, what the network loses and delays, when processes are killed, closed and started, how handlers fail. The
 * same seed does the same again. Without `handlers` it tries core itself.
 *
 * Node's timers, `Date`, `performance.now`, `Math.random` and `AbortSignal.timeout` are replaced while it runs, so run nothing
 * else in the process meanwhile, and no two simulations at once. What waits for real I/O stands still: put it behind `io`, and
 * give it a stand-in.
 *
 * @throws Error for options that are none; a broken promise is in the report, not thrown
 */
export async function simulate<State = undefined>(
  options: SimulateOptions<State> = {},
): Promise<SimulationReport> {
  const { seeds = 100, from = 1, broker, cut = {}, stopAfter = 1, onSeed } = options;
  const isService = options.handlers !== undefined;
  const app = isService ? userApp(options as UserService<State>) : coreApp;
  const { plain: isPlain = isService } = cut;
  const broken: BrokenSeed[] = [];
  const counts: Record<string, number> = {};
  let virtualMs = 0;
  let events = 0;
  let ran = 0;
  // Errors are made by the thousand; their stacks are only worth it where one is shown.
  const limit = Error.stackTraceLimit;
  try {
    for (let seed = from; seed < from + seeds && broken.length < stopAfter; seed++) {
      const kind = broker ?? (BROKERS[seed % BROKERS.length] as BrokerKind);
      Error.stackTraceLimit = 0;
      const outcome = await runPlan(cutPlan(makePlan(seed, kind, isPlain), cut), app);
      Error.stackTraceLimit = limit;
      ran++;
      virtualMs += outcome.virtualMs;
      events += outcome.events;
      for (const [name, count] of outcome.history.counts) counts[name] = (counts[name] ?? 0) + count;
      if (outcome.history.problems.length > 0)
        broken.push(await shortest(makePlan(seed, kind, isPlain), app, outcome, cut));
      onSeed?.(seed, broken.length);
    }
  } finally {
    Error.stackTraceLimit = limit;
  }
  return { seeds: ran, broken, counts, virtualMs, events };
}

/** Shrinks what broke; a run that was cut already is told as it is. */
async function shortest(plan: Plan, app: App, outcome: Outcome, given: Cut): Promise<BrokenSeed> {
  const { seed, broker } = plan;
  const kind = outcome.history.problems[0]?.kind;
  const isGiven = Object.keys(given).length > 0;
  let left = SHRINKING_EVENTS;
  const breaks = async (cut: Cut) => {
    if (left <= 0) return false;
    const { history, events } = await runPlan(cutPlan(plan, cut), app);
    left -= events;
    return history.problems.some((problem) => problem.kind === kind);
  };
  const cut = isGiven ? given : await shrink(plan, breaks);
  VirtualClock.traces = true;
  const { history } = await runPlan(cutPlan(plan, cut), app);
  VirtualClock.traces = false;
  return { seed, broker, problems: [...history.problems], history: history.lines(), cut };
}
