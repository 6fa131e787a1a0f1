/** The subscriptions of one process, with the books kept on every attempt. */
import type { Envelope, EnvelopeHandler, EventBus, HandlerContext, Message, Subscription } from '@ebus/core';
import type { Given } from '../brokers/records.js';
import { hasLeases } from '../plan/plan.js';
import type { Owner } from '../time/virtual-time.js';
import { GROUP, type SimulatedProcess } from './app.js';
import { eventIdIn, eventIdOf } from './event-id.js';
import { behave } from './handler.js';
import type { Run } from './ledger.js';
import type { World } from './world.js';

interface ConsumingOptions {
  readonly world: World;
  readonly process: SimulatedProcess;
  readonly bus: EventBus;
  /** Its handlers. */
  readonly owner: Owner;
  readonly given: WeakMap<Uint8Array, Given>;
  readonly concurrency: number;
  /** How many handlers may run at once, as of now. */
  limit(): number;
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
  const how = {
    concurrency,
    maxRetries: settings.maxRetries,
    processingTimeout: settings.processingTimeout,
    retryBackoff: { base: settings.backoffMs, max: 5_000 },
    onExhausted: settings.onExhausted,
    ...(settings.overlapAfter === undefined ? {} : { overlapAfter: settings.overlapAfter }),
  };
  const calls = new Map<string, number>();
  const subscriptions: Subscription[] = [];
  try {
    for (const [topic, handler] of Object.entries(world.app.handlers(process))) {
      const begin = attempts(options, topic, handler, calls);
      const subscription = await (world.plan.ways.unordered
        ? bus.subscribe(topic, (message, context) => begin(named(message), context), how)
        : bus.subscribeEnvelope(topic, (envelope: Envelope<never>, context) => begin(envelope, context), {
            ...how,
            ordering: ordering(world),
          }));
      subscriptions.push(subscription);
    }
    return subscriptions;
  } catch (error) {
    await Promise.all(subscriptions.map((subscription) => subscription.close({ timeout: 0 })));
    throw error;
  }
}

/** The part of an envelope that the books need. */
type Named = Pick<Envelope<never>, 'eventId' | 'aggregateId'>;

/** Of a message that comes without order, or without an envelope. */
function named({ topic, data, headers, key = '' }: Message): Named {
  const eventId = eventIdIn(topic, data, headers.toList()).slice(topic.length + 1);
  return { eventId, aggregateId: key };
}

function attempts(
  { world, process, owner, given, generation, limit, isOver }: ConsumingOptions,
  topic: string,
  handler: EnvelopeHandler<never>,
  calls: Map<string, number>,
): (envelope: Named, context: HandlerContext) => unknown {
  const { history, ledger, plan } = world;
  const { name } = process;
  const isLease = hasLeases(plan.broker);
  const order = {
    within: plan.ways.unordered ? 'none' : ordering(world),
    mayOverlap: plan.settings.overlapAfter !== undefined,
  } as const;
  const running = new Set<HandlerContext>();
  /** Its message was settled when it was parked: it is with whoever has its key now. */
  const letterOf = ({ position }: Message): Given => ({
    isValid: () => owner.alive && world.server.givesTo(name, topic, GROUP, position?.partition ?? 0),
    isTaken: () => false,
  });
  return (envelope, context) => {
    const id = eventIdOf(topic, envelope.eventId);
    const key = `${topic}/${envelope.aggregateId}`;
    const { message } = context;
    const isLetter = plan.settings.onExhausted === 'park' && given.get(message.data) === undefined;
    const delivery = isLetter ? letterOf(message) : given.get(message.data);
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
    running.add(context);
    if (order.within === 'none') history.count('handler: without order');
    const heeding = [...running].filter(({ signal }) => !signal.aborted).length;
    if (heeding > limit())
      history.problem('bounds', `${heeding} handlers run at ${name}, ${limit()} are allowed`);
    const over = (ok: boolean) => {
      running.delete(context);
      if (!owner.alive) return;
      ledger.ended(run);
      history.add(name, ok ? 'handled' : 'failed', id);
      if (!ok) return;
      history.count('handler: handled');
      ledger.done(id);
      if (isLetter) history.count('parked: handled');
      if (isLease && !isLetter && !context.signal.aborted && !isOver()) ledger.handledBy(run);
    };
    let result: Promise<void> | undefined;
    try {
      result = behave(world, owner, id, context, call, () => handler(envelope as Envelope<never>, context));
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
