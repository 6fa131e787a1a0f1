/** One run of a plan. */
import { createEventBus, type EventBusConfig } from '@ebus/core';
import { simulated } from './brokers/sim-driver.js';
import type { Plan } from './plan/plan.js';
import { randomOf } from './time/random.js';
import { installVirtualGlobals } from './time/virtual-globals.js';
import { type App, coreApp } from './world/app.js';
import type { History } from './world/history.js';
import { tellStory } from './world/story.js';
import { World } from './world/world.js';

/** Longer than everything that a plan may do: what has not ended by then hangs. */
const LIMIT_MS = 2 * 3_600_000;

let loading: Promise<void> | undefined;

/** Core loads a part of itself with the first bus: in real time, which would pass by virtual hours. */
async function loadAll(): Promise<void> {
  const nothing = {} as unknown as EventBusConfig;
  await createEventBus(nothing, { plugins: [simulated] }).catch(() => {});
}

/** The result of one run; problems are in its history. */
export interface Outcome {
  readonly history: History;
  readonly virtualMs: number;
  /** How many timers fired. */
  readonly events: number;
}

/** Not to be called while another run is under way: it replaces Node's timers and clocks. */
export async function runPlan(plan: Plan, app: App = coreApp): Promise<Outcome> {
  loading ??= loadAll();
  await loading;
  const world = new World(plan, app);
  const { time, history } = world;
  const restore = installVirtualGlobals(time, randomOf(plan.seed, 'globals'));
  const onRejection = (error: unknown) => history.problem('rejection', `unhandled: ${textOf(error)}`);
  process.on('unhandledRejection', onRejection);
  try {
    let ended = false;
    tellStory(world)
      .catch((error: unknown) => history.problem('threw', textOf(error)))
      .finally(() => {
        ended = true;
      });
    if (!(await time.run(() => ended, LIMIT_MS))) history.problem('hang', 'the run did not end');
  } catch (error) {
    history.problem('threw', textOf(error));
  } finally {
    process.off('unhandledRejection', onRejection);
    restore();
    time.end();
  }
  return { history, virtualMs: time.now, events: time.events };
}

const textOf = (error: unknown) => (error instanceof Error ? String(error.stack) : String(error));
