/** What runs in the simulated processes: the handlers that core is tried with, or a user's. */
import type { EnvelopeHandler, EnvelopeInput, EventBus } from '@ebus/core';
import type { Random } from '../time/random.js';

/** One process of the service. */
export interface SimulatedProcess<State = unknown> {
  /** `bus1`, `bus2` … in the order of their starts. */
  readonly name: string;
  readonly bus: EventBus;
  /** What outlives processes, such as a database; made anew for each run. */
  readonly state: State;
  /**
   * Does something outside the process: a query, a request. It takes a while, and the process may be killed before it or
   * after it: then what the handler would do next never happens.
   */
  io<Result>(action: () => Result | Promise<Result>): Promise<Result>;
}

/** An event without its id, and the topic that it is published to. */
export type SimulatedEvent = Omit<EnvelopeInput, 'eventId'> & { topic: string };

/** The service under simulation: topics, handlers, events and invariants. */
export interface App<State = unknown> {
  state(): State;
  readonly topics: readonly string[];
  /** By topic. */
  handlers(process: SimulatedProcess<State>): Readonly<Record<string, EnvelopeHandler<never>>>;
  event(key: number, random: Random): SimulatedEvent;
  /** Throws where something is not as it has to be. */
  check?(state: State): void;
}

/** The service's group. */
export const GROUP = 'sim';
/** The topic of `coreApp`. */
export const TOPIC = 'sim.events';

/** For trying core itself: the handlers do nothing by themselves. */
export const coreApp: App<undefined> = {
  topics: [TOPIC],
  state: () => undefined,
  handlers: () => ({ [TOPIC]: () => {} }),
  event: (key) => ({
    ...{ topic: TOPIC, aggregateId: `key${key}`, eventType: 'Simulated', eventVersion: 1, payload: { key } },
  }),
};
