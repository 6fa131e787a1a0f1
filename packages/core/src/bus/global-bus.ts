/** One bus per process, for applications that want that. */
import type { EventBusConfig } from '../config/types.js';
import type { CloseReport } from '../consume/types.js';
import { BusClosedError, ConfigError } from '../errors.js';
import { linkedSignal } from '../util/any-signal.js';
import { checkOptions } from '../util/options.js';
import { CREATE_OPTIONS, type CreateEventBusOptions, createEventBus } from './create-event-bus.js';
import type { EventBus } from './event-bus.js';

/** From `initializeGlobal` to `closeGlobal`. */
interface GlobalBus {
  readonly creating: Promise<EventBus>;
  readonly abort: AbortController;
  ready: EventBus | undefined;
}

let current: GlobalBus | undefined;

/**
 * Creates the process's bus.
 * @throws ConfigError if there is one already; close it first
 * @throws BusClosedError if `closeGlobal` is called meanwhile, which gives up creating it
 */
export async function initializeGlobal(
  config: EventBusConfig,
  options: CreateEventBusOptions = {},
): Promise<EventBus> {
  checkOptions('initializeGlobal', options, CREATE_OPTIONS);
  if (current !== undefined) {
    throw new ConfigError(
      'the global event bus is initialized already; call closeGlobal() before initializing another',
    );
  }
  const abort = new AbortController();
  const given = options.signal === undefined ? [] : [options.signal];
  const { signal, release } = linkedSignal(abort.signal, ...given);
  const global: GlobalBus = {
    creating: createEventBus(config, { ...options, signal }).finally(release),
    abort,
    ready: undefined,
  };
  current = global;
  try {
    const bus = await global.creating;
    // Where it was closed at the last moment, the bus is closed by then.
    if (abort.signal.aborted) throw new BusClosedError();
    global.ready = bus;
    return bus;
  } catch (error) {
    if (current === global) current = undefined;
    throw abort.signal.aborted
      ? new BusClosedError('the global event bus was closed while it was created')
      : error;
  }
}

/** @throws BusClosedError before `initializeGlobal` has resolved and after `closeGlobal` */
export function getGlobal(): EventBus {
  if (current?.ready !== undefined) return current.ready;
  throw new BusClosedError('there is no global event bus; await initializeGlobal(config, options) first');
}

/**
 * Closes the process's bus; gives up creating it where that is under way; harmless without one. Another may be
 * initialized at once. Undefined where there was no bus to close.
 */
export async function closeGlobal(): Promise<CloseReport | undefined> {
  const closing = current;
  current = undefined;
  if (closing === undefined) return undefined;
  closing.abort.abort();
  const bus = await closing.creating.catch(() => undefined);
  return bus?.close();
}
