/** Graceful shutdown for a service's main file. */
import type { Duration } from '../duration.js';
import type { EventBus } from './event-bus.js';

/**
 * Closes the bus on the first of these signals, then lets the process end by itself. A second signal ends it at
 * once, as it would have without this. Returns a function that takes the handlers off again.
 */
export function closeOnSignals(
  bus: EventBus,
  signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'],
  options: { timeout?: Duration } = {},
): () => void {
  const off = () => {
    for (const signal of signals) process.off(signal, close);
  };
  const close = () => {
    off();
    void bus.close(options);
  };
  for (const signal of signals) process.on(signal, close);
  return off;
}
