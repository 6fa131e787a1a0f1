/** Measures attempts: how many, how they ended, how long they took. Present only where a collector is. */
import type { MetricsCollector } from '../metrics/collector.js';
import { isPromise } from '../util/promise.js';
import type { Handle } from './compose.js';

export function measured<A>(topic: string, metrics: MetricsCollector, handle: Handle<A>): Handle<A> {
  return (attempt) => {
    const began = performance.now();
    const record = (ok: boolean) => metrics.recordConsume(topic, ok, (performance.now() - began) / 1000);
    let outcome: void | Promise<void>;
    try {
      outcome = handle(attempt);
    } catch (error) {
      record(false);
      throw error;
    }
    if (!isPromise(outcome)) return record(true);
    return Promise.resolve(outcome).then(
      () => record(true),
      (error: unknown) => {
        record(false);
        throw error;
      },
    );
  };
}
