/** Measures attempts: how many, how they ended, how long they took. Present only where a collector is. */
import type { Clock } from '../clock.js';
import type { MetricsCollector } from '../metrics/collector.js';
import { isPromise } from '../util/promise.js';
import type { Handle } from './compose.js';

/** Wraps a handler: each attempt is recorded with its outcome and its duration in seconds. */
export function measured<A>(
  topic: string,
  { metrics, clock }: { metrics: MetricsCollector; clock: Clock },
  handle: Handle<A>,
): Handle<A> {
  return (attempt) => {
    const began = clock.monotonic();
    const record = (ok: boolean) => metrics.recordConsume(topic, ok, (clock.monotonic() - began) / 1000);
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
