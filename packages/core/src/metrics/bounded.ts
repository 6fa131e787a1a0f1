/** Bounds what topics cost a metrics system: the first ones have a label of their own, the others share one. */
import type { MetricsCollector } from './collector.js';

/** Topics with a label of their own. */
export const MAX_TOPIC_LABELS = 200;
/** The label of all topics beyond the bound. */
export const OTHER_TOPICS = 'other';

/**
 * The same collector, told of at most `limit` topics by name, in the order of their first appearance. Of the others
 * counters add up under `other`; of gauges it holds the sum, and of `backlog_state` the worst.
 */
export function bounded(collector: MetricsCollector, limit = MAX_TOPIC_LABELS): MetricsCollector {
  const named = new Set<string>();
  const labelOf = (topic: string): string => {
    if (named.has(topic)) return topic;
    if (named.size >= limit) return OTHER_TOPICS;
    named.add(topic);
    return topic;
  };
  const inFlight = new SharedGauge(sum, (value) => collector.recordInFlight(OTHER_TOPICS, value));
  const backlog = new SharedGauge(sum, (value) => collector.recordBacklog(OTHER_TOPICS, value));
  const state = new SharedGauge(most, (value) =>
    collector.recordBacklogState(OTHER_TOPICS, value as 0 | 1 | 2),
  );
  const halted = new SharedGauge(sum, (value) => collector.recordHalted?.(OTHER_TOPICS, value));
  const parked = new SharedGauge(sum, (value) => collector.recordParked?.(OTHER_TOPICS, value));
  const gauge = <V extends number>(
    topic: string,
    value: V,
    record: (topic: string, value: V) => void,
    shared: SharedGauge,
  ) => {
    const label = labelOf(topic);
    if (label === topic) record(topic, value);
    else shared.set(topic, value);
  };
  return {
    recordPublish: (topic, ok, seconds) => collector.recordPublish(labelOf(topic), ok, seconds),
    recordPublishBatch: (topic, count, ok, seconds) =>
      collector.recordPublishBatch?.(labelOf(topic), count, ok, seconds),
    recordConsume: (topic, ok, seconds) => collector.recordConsume(labelOf(topic), ok, seconds),
    recordConsumeBatch: (topic, count, ok, seconds) =>
      collector.recordConsumeBatch?.(labelOf(topic), count, ok, seconds),
    recordConnection: (up) => collector.recordConnection(up),
    recordReconnect: (ok, seconds) => collector.recordReconnect(ok, seconds),
    recordBacklog: (topic, count) => gauge(topic, count, (t, n) => collector.recordBacklog(t, n), backlog),
    recordBacklogState: (topic, value) =>
      gauge(topic, value, (t, v) => collector.recordBacklogState(t, v), state),
    recordHealthCheck: (ok, seconds) => collector.recordHealthCheck(ok, seconds),
    recordError: (type, topic) =>
      collector.recordError(type, topic === undefined ? undefined : labelOf(topic)),
    recordRetry: (topic) => collector.recordRetry(labelOf(topic)),
    recordDeadLetter: (topic) => collector.recordDeadLetter(labelOf(topic)),
    recordDuplicate: (topic) => collector.recordDuplicate?.(labelOf(topic)),
    recordSkipped: (topic) => collector.recordSkipped?.(labelOf(topic)),
    recordInFlight: (topic, count) => gauge(topic, count, (t, n) => collector.recordInFlight(t, n), inFlight),
    recordPool: (stats) => collector.recordPool(stats),
    recordHalted: (topic, count) => gauge(topic, count, (t, n) => collector.recordHalted?.(t, n), halted),
    recordParked: (topic, count) => gauge(topic, count, (t, n) => collector.recordParked?.(t, n), parked),
    ...(collector.expose === undefined ? {} : { expose: collector.expose.bind(collector) }),
    ...(collector.close === undefined ? {} : { close: collector.close.bind(collector) }),
  };
}

/** One gauge for many topics: keeps those that are not 0. */
class SharedGauge {
  readonly #values = new Map<string, number>();
  readonly #join: (values: Iterable<number>) => number;
  readonly #record: (value: number) => void;

  constructor(join: (values: Iterable<number>) => number, record: (value: number) => void) {
    this.#join = join;
    this.#record = record;
  }

  set(topic: string, value: number): void {
    if (value === 0) this.#values.delete(topic);
    else this.#values.set(topic, value);
    this.#record(this.#join(this.#values.values()));
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function most(values: Iterable<number>): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}
