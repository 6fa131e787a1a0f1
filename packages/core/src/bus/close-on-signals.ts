/** Graceful shutdown for a service's main file. */
import { constants } from 'node:os';
import type { Duration } from '../duration.js';
import { CLOSE_OPTIONS } from '../util/common-options.js';
import { kind, required, withMethods } from '../util/option-kinds.js';
import { checkArgument, checkOptions } from '../util/options.js';

/** An event bus, as far as closing goes. */
export interface Closable {
  close(options?: { timeout?: Duration }): Promise<unknown>;
}

const closings = new WeakMap<object, AbortSignal>();

/** @internal Says when a bus begins to close. */
export function attachClosing(bus: object, closing: AbortSignal): void {
  closings.set(bus, closing);
}

const BUS = required(withMethods('an event bus (await createEventBus)', 'close'));
/** SIGKILL and SIGSTOP cannot be listened to. */
const SIGNALS = kind(
  "a list of signals that a process can listen to, such as ['SIGTERM', 'SIGINT']",
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((name) => Object.hasOwn(constants.signals, name) && name !== 'SIGKILL' && name !== 'SIGSTOP'),
);

/**
 * Closes the bus on the first of these signals, then lets the process end by itself. A second signal ends it at
 * once, as it would have without this. The handlers are taken off when the bus closes for another reason, and by the
 * function returned.
 * @throws ConfigError for a signal that cannot be listened to, or a timeout that is none
 */
export function closeOnSignals(
  bus: Closable,
  signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'],
  options: { timeout?: Duration } = {},
): () => void {
  checkArgument('closeOnSignals(bus, …): bus', bus, BUS);
  checkArgument('closeOnSignals(bus, signals): signals', signals, SIGNALS);
  checkOptions('closeOnSignals', options, CLOSE_OPTIONS);
  const closing = closings.get(bus);
  const how = { ...options };
  const off = () => {
    for (const signal of signals) process.off(signal, close);
    closing?.removeEventListener('abort', off);
  };
  const close = () => {
    off();
    void bus.close(how);
  };
  if (closing?.aborted === true) return off;
  for (const signal of new Set(signals)) process.on(signal, close);
  closing?.addEventListener('abort', off, { once: true });
  return off;
}
