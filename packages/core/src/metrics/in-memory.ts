/** A collector that keeps its figures in the process: for tests, and for services without a metrics system. */
import { NO_OPTIONS } from '../util/common-options.js';
import { checkOptions } from '../util/options.js';
import type { MetricsCollector, PoolStats } from './collector.js';

/** A label to read by: a topic, or an error type. */
export interface InMemoryMetric {
  readonly total: number;
  readonly byLabel: ReadonlyMap<string, number>;
}

class Metric implements InMemoryMetric {
  total = 0;
  readonly byLabel = new Map<string, number>();

  add(amount: number, label?: string): void {
    this.total += amount;
    if (label !== undefined) this.byLabel.set(label, (this.byLabel.get(label) ?? 0) + amount);
  }

  set(value: number, label?: string): void {
    if (label === undefined) {
      this.total = value;
      return;
    }
    this.total += value - (this.byLabel.get(label) ?? 0);
    this.byLabel.set(label, value);
  }
}

/**
 * Counts and sums under the keys of the lineage: `publish_total`, `publish_success`, `publish_failed`,
 * `publish_latency` (the sum in seconds), the same for `consume`, `reconnect` and `health_check`, `connected`,
 * `backlog`, `backlog_state`, `errors`, `errors_by_topic`, `retries`, `dead_letters`, `duplicates`, `skipped`, `in_flight`, `pool_queued`,
 * `pool_active_keys`, `halted` and `parked_keys`.
 */
export class InMemoryMetricsCollector implements MetricsCollector {
  readonly #metrics = new Map<string, Metric>();

  /** Takes no options. */
  constructor(options?: undefined) {
    checkOptions('InMemoryMetricsCollector', options, NO_OPTIONS);
  }

  /** The figure under a key; 0 where nothing was recorded. With a label, that label's share. */
  get(key: string, label?: string): number {
    const metric = this.#metrics.get(key);
    if (metric === undefined) return 0;
    return label === undefined ? metric.total : (metric.byLabel.get(label) ?? 0);
  }

  /** All figures recorded so far. */
  all(): ReadonlyMap<string, InMemoryMetric> {
    return this.#metrics;
  }

  reset(): void {
    this.#metrics.clear();
  }

  recordPublish(topic: string, ok: boolean, seconds: number): void {
    this.#operations('publish', 1, ok ? 'success' : 'failed', seconds, topic);
  }

  recordPublishBatch(topic: string, count: number, ok: boolean, seconds: number): void {
    this.#operations('publish', count, ok ? 'success' : 'failed', seconds, topic);
  }

  recordConsume(topic: string, ok: boolean, seconds: number): void {
    this.#operations('consume', 1, ok ? 'success' : 'failed', seconds, topic);
  }

  recordConsumeBatch(topic: string, count: number, ok: boolean, seconds: number): void {
    this.#operations('consume', count, ok ? 'success' : 'failed', seconds, topic);
  }

  recordConnection(up: boolean): void {
    this.#metric('connected').set(up ? 1 : 0);
  }

  recordReconnect(ok: boolean, seconds: number): void {
    this.#operations('reconnect', 1, ok ? 'success' : 'failed', seconds);
  }

  recordBacklog(topic: string, count: number): void {
    this.#metric('backlog').set(count, topic);
  }

  recordBacklogState(topic: string, state: 0 | 1 | 2): void {
    this.#metric('backlog_state').set(state, topic);
  }

  recordHealthCheck(ok: boolean, seconds: number): void {
    this.#operations('health_check', 1, ok ? 'healthy' : 'unhealthy', seconds);
  }

  recordError(type: string, topic?: string): void {
    this.#metric('errors').add(1, type);
    if (topic !== undefined) this.#metric('errors_by_topic').add(1, topic);
  }

  recordRetry(topic: string): void {
    this.#metric('retries').add(1, topic);
  }

  recordDeadLetter(topic: string): void {
    this.#metric('dead_letters').add(1, topic);
  }

  recordDuplicate(topic: string): void {
    this.#metric('duplicates').add(1, topic);
  }

  recordSkipped(topic: string): void {
    this.#metric('skipped').add(1, topic);
  }

  recordInFlight(topic: string, count: number): void {
    this.#metric('in_flight').set(count, topic);
  }

  recordPool(stats: PoolStats): void {
    this.#metric('pool_queued').set(stats.queued);
    this.#metric('pool_active_keys').set(stats.activeKeys);
  }

  recordHalted(topic: string, messages: number): void {
    this.#metric('halted').set(messages, topic);
  }

  recordParked(topic: string, keys: number): void {
    this.#metric('parked_keys').set(keys, topic);
  }

  #operations(name: string, count: number, outcome: string, seconds: number, label?: string): void {
    this.#metric(`${name}_total`).add(count, label);
    this.#metric(`${name}_${outcome}`).add(count, label);
    this.#metric(`${name}_latency`).add(seconds, label);
  }

  #metric(name: string): Metric {
    let metric = this.#metrics.get(name);
    if (metric === undefined) {
      metric = new Metric();
      this.#metrics.set(name, metric);
    }
    return metric;
  }
}
