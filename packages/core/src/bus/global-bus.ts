/** One bus per process, for applications that want that. */
import type { EventBusConfig } from '../config/types.js';
import type { CloseReport } from '../consume/types.js';
import { BusClosedError, ConfigError } from '../errors.js';
import { type CreateEventBusOptions, createEventBus } from './create-event-bus.js';
import type { EventBus } from './event-bus.js';

let current: Promise<EventBus> | undefined;
let ready: EventBus | undefined;

/**
 * Creates the process's bus.
 * @throws ConfigError if there is one already; close it first
 */
export async function initializeGlobal(
  config: EventBusConfig,
  options?: CreateEventBusOptions,
): Promise<EventBus> {
  if (current !== undefined) {
    throw new ConfigError(
      'the global event bus is initialized already; call closeGlobal() before initializing another',
    );
  }
  const creating = createEventBus(config, options);
  current = creating;
  try {
    ready = await creating;
    return ready;
  } catch (error) {
    current = undefined;
    throw error;
  }
}

/** @throws BusClosedError before `initializeGlobal` has resolved and after `closeGlobal` */
export function getGlobal(): EventBus {
  if (ready !== undefined) return ready;
  throw new BusClosedError('there is no global event bus; await initializeGlobal(config, options) first');
}

/** Closes the process's bus; harmless without one. */
export async function closeGlobal(): Promise<CloseReport | undefined> {
  const closing = current;
  current = undefined;
  ready = undefined;
  return (await closing)?.close();
}
