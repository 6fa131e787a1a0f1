/** From a plan that breaks something to a short one that breaks the same. */
import { type Cut, faultsOf } from './cut.js';
import type { Plan } from './plan.js';

/** Runs that one shrinking may take. */
const MOST_RUNS = 250;

/**
 * Leaves out steps (halves first, single ones at last), faults and messages, for as long as `breaks` says that the same
 * invariant is still broken.
 */
export async function shrink(plan: Plan, breaks: (cut: Cut) => Promise<boolean>): Promise<Cut> {
  let runs = 0;
  let best: Cut = { drop: [], off: [] };
  const attempt = async (cut: Cut) => {
    if (runs++ >= MOST_RUNS || !(await breaks(cut))) return false;
    best = cut;
    return true;
  };
  for (let before = -1; before !== runs && runs < MOST_RUNS; ) {
    const size = sizeOf(plan, best);
    await dropSteps(plan, () => best, attempt);
    for (const name of faultsOf(plan)) {
      if (best.off?.includes(name) !== true) await attempt({ ...best, off: [...(best.off ?? []), name] });
    }
    for (const most of [1, 2, 3, 5, 10, 30]) {
      if (most < (best.most ?? Number.POSITIVE_INFINITY) && (await attempt({ ...best, most }))) break;
    }
    before = sizeOf(plan, best) === size ? runs : -1;
  }
  return best;
}

/** Chunks of half of what is left, then of a quarter, and so on. */
async function dropSteps(
  plan: Plan,
  best: () => Cut,
  attempt: (cut: Cut) => Promise<boolean>,
): Promise<void> {
  for (
    let chunk = Math.ceil(plan.steps.length / 2);
    chunk >= 1;
    chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)
  ) {
    // From the end: what comes after the fault has nothing to do with it.
    for (let end = leftOf(plan, best()).length; end > 0; end -= chunk) {
      const some = leftOf(plan, best()).slice(Math.max(0, end - chunk), end);
      if (some.length > 0)
        await attempt({ ...best(), drop: [...(best().drop ?? []), ...some].sort((a, b) => a - b) });
    }
  }
}

function leftOf(plan: Plan, { drop = [] }: Cut): number[] {
  const dropped = new Set(drop);
  return plan.steps.flatMap((_, index) => (dropped.has(index) ? [] : index));
}

function sizeOf(plan: Plan, cut: Cut): string {
  return `${leftOf(plan, cut).length} ${cut.off?.length} ${cut.most}`;
}
