/** What a handler does besides its work: it is slow, busy, fails, hangs and does not heed, as a plan says. */
import { type HandlerContext, PermanentError } from '@ebus/core';
import type { HandlerFaults } from '../plan/plan.js';
import { type Random, randomOf } from '../time/random.js';
import type { Owner, VirtualTime } from '../time/virtual-time.js';

/** The part of a world that a handler's faults need. */
export interface HandlerWorld {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly faults: HandlerFaults;
  /** Nothing goes wrong any more. */
  readonly isCalm: boolean;
  count(event: string): void;
}

/** Longer than a lease. */
const SUSPENDED_MS = 8_000;

/** Whether a message fails however often it is tried. */
function isPoison({ seed, faults }: HandlerWorld, id: string): boolean {
  return faults.poison > 0 && randomOf(seed, 'poison', id).chance(faults.poison);
}

/**
 * One attempt, the `call`th for that message at this process. Undefined where the handler answers at once.
 * @param work what the handler is for
 */
export function behave(
  world: HandlerWorld,
  owner: Owner,
  id: string,
  { signal }: HandlerContext,
  call: number,
  work: () => unknown,
): Promise<void> | undefined {
  const { faults, time, count, isCalm } = world;
  if (isPoison(world, id)) {
    count('handler: poison');
    throw new Error(`${id} is poison`);
  }
  if (isCalm) return promised(work());
  const random = randomOf(world.seed, 'handler', id, call);
  if (random.chance(faults.computes)) {
    count('handler: computed');
    time.compute(random.next() * faults.computeMs);
  }
  if (
    faults.suspended !== undefined &&
    randomOf(world.seed, 'suspended', id, call).chance(faults.suspended)
  ) {
    count('handler: suspended');
    time.compute(SUSPENDED_MS);
  }
  const slow = random.chance(faults.slow) ? random.next() * faults.slowMs : undefined;
  const end = ending(random, faults);
  if (end.kind !== 'return') count(`handler: ${end.what}`);
  if (slow === undefined && end.kind === 'return') return promised(work());
  if (slow === undefined && end.kind === 'throw' && random.chance(0.5)) throw end.error;
  // Some fail before their work, some after it.
  const isLate = random.chance(0.5);
  return (async () => {
    if (slow !== undefined) await time.sleep(slow, owner);
    if (isLate || end.kind === 'return') await work();
    if (end.kind === 'throw') throw end.error;
    if (end.kind === 'hang') await aborted(signal);
    if (end.kind === 'ignore') await time.sleep(end.ms, owner);
    if (end.kind === 'hang') throw signal.reason;
    if (!isLate && end.kind === 'ignore') await work();
  })();
}

function promised(result: unknown): Promise<void> | undefined {
  return result instanceof Promise ? result : undefined;
}

type Ending =
  | { kind: 'return' }
  | { kind: 'throw'; error: unknown; what: string }
  | { kind: 'hang'; what: string }
  | { kind: 'ignore'; ms: number; what: string };

function ending(random: Random, faults: HandlerFaults): Ending {
  if (random.chance(faults.permanent)) {
    return { kind: 'throw', error: new PermanentError('never'), what: 'permanent failure' };
  }
  if (random.chance(faults.fails)) {
    return { kind: 'throw', error: random.chance(0.1) ? null : new Error('not now'), what: 'failed' };
  }
  if (random.chance(faults.hangs)) return { kind: 'hang', what: 'hung until its signal' };
  if (random.chance(faults.ignoresSignal)) {
    return { kind: 'ignore', ms: random.between(1_000, 20_000), what: 'ignored its signal' };
  }
  return { kind: 'return' };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
