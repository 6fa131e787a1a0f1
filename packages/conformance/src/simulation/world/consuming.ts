/** The subscriptions of one process, with the books kept on every attempt. */
import type { Envelope, EnvelopeHandler, EventBus, HandlerContext, Subscription } from '@ebus/core';
import type { Given } from '../brokers/records.js';
import type { Owner } from '../time/virtual-time.js';
import type { SimulatedProcess } from './app.js';
import { eventIdOf } from './event-id.js';
import { behave } from './handler.js';
import type { Run } from './ledger.js';
import type { World } from './world.js';

export interface ConsumingOptions {
  readonly world: World;
  readonly process: SimulatedProcess;
  readonly bus: EventBus;
  /** Its handlers. */
  readonly owner: Owner;
  readonly given: WeakMap<Uint8Array, Given>;
  readonly concurrency: number;
  /** Which subscription of this process it is. */
  readonly generation: number;
  /** Whether a later one has taken its place, or the process is gone. */
  isOver(): boolean;
}

/** What a clock may be off by. */
const CLOCK_MS = 50;

/** Subscribes to every topic of the application. */
export async function subscribeAll(options: ConsumingOptions): Promise<Subscription[]> {
  const { world, process, bus, concurrency } = options;
  const { settings } = world.plan;
  const calls = new Map<string, number>();
  const subscriptions: Subscription[] = [];
  try {
    for (const [topic, handler] of Object.entries(world.app.handlers(process))) {
      const subscription = await bus.subscribeEnvelope(topic, attempts(options, topic, handler, calls), {
        concurrency,
        ordering: ordering(world),
        maxRetries: settings.maxRetries,
        processingTimeout: settings.processingTimeout,
        retryBackoff: { base: settings.backoffMs, max: 5_000 },
        onExhausted: settings.onExhausted,
        ...(settings.overlapAfter === undefined ? {} : { overlapAfter: settings.overlapAfter }),
      });
      subscriptions.push(subscription);
    }
    return subscriptions;
  } catch (error) {
    await Promise.all(subscriptions.map((subscription) => subscription.close({ timeout: 0 })));
    throw error;
  }
}

function attempts(
  { world, process, owner, given, generation, isOver }: ConsumingOptions,
  topic: string,
  handler: EnvelopeHandler<never>,
  calls: Map<string, number>,
): EnvelopeHandler<never> {
  const { history, ledger, plan } = world;
  const { name } = process;
  const isLease = plan.broker === 'lease';
  const order = {
    within: ordering(world),
    mayOverlap: plan.settings.overlapAfter !== undefined,
  } as const;
  return (envelope: Envelope<never>, context: HandlerContext) => {
    const id = eventIdOf(topic, envelope.eventId);
    const key = `${topic}/${envelope.aggregateId}`;
    const delivery = given.get(context.message.data);
    const run: Run = {
      ...{ who: `${name}.${generation}`, id, key },
      isValid: () => !isOver() && delivery?.isValid() === true,
    };
    if (!owner.alive) return new Promise<void>(() => {});
    const call = (calls.get(id) ?? 0) + 1;
    calls.set(id, call);
    if (delivery?.isTaken() === true) {
      history.problem('revoked', `${id} of ${key} began at ${name} although it was taken from it`);
    }
    const late = delivery?.ranOutAgo?.() ?? 0;
    if (late > CLOCK_MS && context.attempt === 1)
      history.problem(
        'lease',
        `${id} of ${key} began at ${name} ${late.toFixed(0)} ms after its lease ran out`,
      );
    history.add(name, 'begins', id, key, `attempt ${context.attempt}`);
    ledger.begins(run, order);
    const over = (ok: boolean) => {
      if (!owner.alive) return;
      ledger.ended(run);
      history.add(name, ok ? 'handled' : 'failed', id);
      if (!ok) return;
      history.count('handler: handled');
      ledger.done(id);
      if (isLease && !context.signal.aborted && !isOver()) ledger.handledBy(run);
    };
    let result: Promise<void> | undefined;
    try {
      result = behave(world, owner, id, context, call, () => handler(envelope, context));
    } catch (error) {
      over(false);
      throw error;
    }
    if (result === undefined) return over(true);
    return result.then(
      () => over(true),
      (error) => {
        over(false);
        throw error;
      },
    );
  };
}

const ordering = ({ server }: World) =>
  server.capabilities.ordering === 'cluster' ? ('cluster' as const) : ('instance' as const);
