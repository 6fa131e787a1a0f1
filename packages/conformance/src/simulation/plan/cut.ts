/** A part of a plan: what shrinking has left of it, and what a replay is given. */
import type { Plan, Step } from './plan.js';

/** The removed parts of a plan, as JSON. An empty cut is the whole plan. */
export interface Cut {
  /** Steps that are left out, by their index in the plan. */
  readonly drop?: readonly number[];
  /** Of the plan as it was before plans were widened. */
  readonly plain?: boolean;
  /** Probabilities that are 0, as `handler.slow`. */
  readonly off?: readonly string[];
  /** How many messages one step publishes at most. */
  readonly most?: number;
}

/** The same plan with less in it. */
export function cutPlan(plan: Plan, { drop = [], off = [], most = Number.POSITIVE_INFINITY }: Cut): Plan {
  const dropped = new Set(drop);
  const steps = plan.steps
    .filter((_, index) => !dropped.has(index))
    .map((step): Step => (step.do === 'publish' ? { ...step, count: Math.min(step.count, most) } : step));
  const without = <Part extends object>(name: string, part: Part): Part => {
    const names = off.flatMap((path) => (path.startsWith(`${name}.`) ? path.slice(name.length + 1) : []));
    return Object.assign(
      { ...part },
      Object.fromEntries(names.map((key) => [key, typeof part[key as keyof Part] === 'boolean' ? false : 0])),
    );
  };
  return {
    ...plan,
    steps,
    network: without('network', plan.network),
    handler: without('handler', plan.handler),
    sends: without('sends', plan.sends),
    ways: without('ways', plan.ways),
  };
}

/** The probabilities of a plan that can be turned off. */
export function faultsOf(plan: Plan): string[] {
  const named = (name: string, part: object) =>
    Object.entries(part).flatMap(([key, value]) =>
      value === true || (typeof value === 'number' && value > 0 && !key.endsWith('Ms'))
        ? `${name}.${key}`
        : [],
    );
  return [
    ...named('network', plan.network),
    ...named('handler', plan.handler),
    ...named('sends', plan.sends),
    ...named('ways', plan.ways),
  ];
}
