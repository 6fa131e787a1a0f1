/** One run of a plan. */
import type { Plan } from './plan/plan.js';
import { randomOf } from './time/random.js';
import { installVirtualGlobals } from './time/virtual-globals.js';
import { type App, coreApp } from './world/app.js';
import type { History } from './world/history.js';
import { tellStory } from './world/story.js';
import { World } from './world/world.js';

/** Longer than everything that a plan may do: what has not ended by then hangs. */
const LIMIT_MS = 2 * 3_600_000;

/** The result of one run; problems are in its history. */
export interface Outcome {
  readonly history: History;
  readonly virtualMs: number;
  /** How many timers fired. */
  readonly events: number;
}

/** Not to be called while another run is under way: it replaces Node's timers and clocks. */
export async function runPlan(plan: Plan, app: App = coreApp): Promise<Outcome> {
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
  }
  return { history, virtualMs: time.now, events: time.events };
}

const textOf = (error: unknown) => (error instanceof Error ? String(error.stack) : String(error));
