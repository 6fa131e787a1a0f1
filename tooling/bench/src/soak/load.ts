/** Events at full load, and the handler that they reach: which fails now and then, and knows what is still on its way. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Envelope, EventBus, HandlerContext, SubscribeOptions } from '@ebus/core';
import { envelopeNumber } from '../envelopes.js';

export const TOPIC = 'soak.orders';
/** Aggregates that have events at the same time, and how many events each of them gets before it is never seen again. */
const AGGREGATES = 1_000;
const EVENTS_EACH = 5;
/** Events that are published and not yet done: more than adapters hold in flight, so that they are never idle. */
const MAX_UNSETTLED = 20_000;
const BATCH = 500;
/** One event in so many fails at its first attempt, or at each one. */
const FAILS_ONCE = 100;
const FAILS_ALWAYS = 1_000;
/** One handler in so many is asynchronous. */
const WAITS = 10;
/** Longer than any broker takes to deliver again what a member had that left. */
const SETTLE_MS = 60_000;

/** Pauses are short: a run is about memory, and events behind a failed one wait. */
export const OPTIONS: SubscribeOptions = { maxRetries: 2, retryBackoff: { base: '5ms', max: '20ms' } };

export class Load {
  published = 0;
  failures = 0;
  deadLettered = 0;
  /** By handlers of members that stay, and of those that leave again. */
  readonly handled = { steady: 0, guests: 0 };
  readonly #unsettled = new Set<number>();
  #problem: unknown;

  get aggregates(): number {
    const whole = Math.floor(this.published / (AGGREGATES * EVENTS_EACH));
    return whole * AGGREGATES + Math.min(AGGREGATES, this.published - whole * AGGREGATES * EVENTS_EACH);
  }

  handler(member: keyof Load['handled']) {
    return async (envelope: Envelope, { attempt }: HandlerContext): Promise<void> => {
      const index = indexOf(envelope.eventId);
      if (index % WAITS === 0) await nextTurn();
      if (index % FAILS_ALWAYS === 1 || (index % FAILS_ONCE === 2 && attempt === 1)) {
        this.failures += 1;
        throw new Error(`event ${index} fails on purpose`);
      }
      this.handled[member] += 1;
      this.#unsettled.delete(index);
    };
  }

  /** For the bus of each member: a dead letter settles its event as well. */
  watch(bus: EventBus): void {
    bus.on('deadLettered', ({ eventId }) => {
      this.deadLettered += 1;
      this.#unsettled.delete(indexOf(eventId));
    });
  }

  /** Publishes until `ended` resolves, then waits until every event is settled. */
  async run(bus: EventBus, ended: Promise<unknown>): Promise<void> {
    let over = false;
    const stop = ended.finally(() => {
      over = true;
    });
    stop.catch(() => {});
    while (!over) {
      await this.#publishBatch(bus);
      while (!over && this.#unsettled.size > MAX_UNSETTLED - BATCH) await nextTurn();
    }
    await stop;
    await this.#settled();
  }

  async #publishBatch(bus: EventBus): Promise<void> {
    let last: Promise<unknown> | undefined;
    for (let i = 0; i < BATCH; i++) {
      const index = this.published++;
      this.#unsettled.add(index);
      last = bus.publishEnvelope(TOPIC, eventNumber(index)).catch((error: unknown) => {
        this.#problem ??= error;
      });
    }
    await last;
    if (this.#problem !== undefined) throw this.#problem;
    await nextTurn();
  }

  async #settled(): Promise<void> {
    const deadline = performance.now() + SETTLE_MS;
    while (this.#unsettled.size > 0) {
      if (performance.now() > deadline) {
        const [first] = this.#unsettled;
        throw new Error(
          `${this.#unsettled.size} events were published and not handled, the first is number ${first}`,
        );
      }
      await sleep(2);
    }
  }
}

function eventNumber(index: number): Envelope {
  const generation = Math.floor(index / (AGGREGATES * EVENTS_EACH));
  return envelopeNumber(index, [`order-${generation * AGGREGATES + (index % AGGREGATES)}`]);
}

/** The number is the end of the id. */
const indexOf = (eventId: string | undefined): number => Number(eventId?.slice(-12));
