/** A user's service as the simulation runs it. */
import type { EnvelopeHandler } from '@ebus/core';
import type { Random } from '../time/random.js';
import type { App, SimulatedEvent, SimulatedProcess } from './app.js';

/** A service to simulate. */
export interface UserService<State = unknown> {
  /** What outlives processes, such as a stand-in for a database; made anew for each run. Default: undefined. */
  state?: () => State;
  /**
   * The handlers of one process, by topic; called for each process that is started. They are called as the bus would: again
   * after a failure, a timeout or a lost acknowledgement, in another process after a kill, late, and more than once.
   */
  // biome-ignore lint/suspicious/noExplicitAny: payloads are the user's.
  handlers: (process: SimulatedProcess<State>) => Readonly<Record<string, EnvelopeHandler<any>>>;
  /**
   * The next event to publish, of the `key`th aggregate (from 0). Without it, events with the payload `{ key }` go to the first
   * topic of `handlers`.
   */
  event?: (key: number, random: Random) => SimulatedEvent;
  /**
   * What has to hold at the end, when everything is handled: throw where it does not. What the bus itself promises is checked
   * besides.
   */
  invariants?: Readonly<Record<string, (state: State) => void>>;
}

/** Adapts a user's service to `App`. Its handlers are made once outside of any process, to learn the topics. */
export function userApp<State>({ state, handlers, event, invariants = {} }: UserService<State>): App {
  const make = state ?? (() => undefined as State);
  // Asked once for its topics; these handlers are never called.
  const nowhere = {
    name: 'nowhere',
    bus: undefined as never,
    state: make(),
    io: () => Promise.reject(new Error('not running')),
  };
  const topics = Object.keys(handlers(nowhere as SimulatedProcess<State>));
  const topic = topics[0];
  if (topic === undefined)
    throw new Error('handlers() returned none: it returns an object with a handler for each topic');
  return {
    topics,
    state: make,
    handlers: (process) => handlers(process as SimulatedProcess<State>),
    event:
      event ??
      ((key) => ({
        topic,
        aggregateId: `key${key}`,
        eventType: 'Simulated',
        eventVersion: 1,
        payload: { key },
      })),
    check: (made) => {
      for (const [name, holds] of Object.entries(invariants)) {
        try {
          holds(made as State);
        } catch (error) {
          throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    },
  };
}
