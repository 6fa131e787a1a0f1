/** The collector: what core reports, as Prometheus metrics. */
import type { MetricsCollector, MetricsExposition, PoolStats } from '@ebus/core';
import { checkOptions, kinds, optionTable } from '@ebus/core/driver';
import { register as globalRegister } from 'prom-client';
import type { Count } from './counter.js';
import { LATENCY_BUCKETS } from './definitions.js';
import type { GaugeMetric, Readings } from './gauge.js';
import type { Distribution } from './histogram.js';
import { type AnyRegistry, type MetricSet, metricSet } from './metric-set.js';
import { PUSH_OPTIONS, Pusher, type PushOptions } from './pusher.js';

/** Options of a `PrometheusMetricsCollector`; all are optional. Unknown keys are refused with a `ConfigError`. */
export interface PrometheusOptions {
  /** Where the metrics are registered. Default: prom-client's global registry, which services expose as it is. */
  register?: AnyRegistry;
  /** All names begin with `<namespace>_eventbus_`. Default `ebus`. */
  namespace?: string;
  /** Upper bounds of the latency histograms, in seconds, ascending. Default: 18 from 0.1 ms to a minute. */
  latencyBuckets?: readonly number[];
  /** Pushes to a Pushgateway. Default: it is scraped. */
  push?: PushOptions;
}

const OPTIONS = optionTable<PrometheusOptions>(
  {
    register: kinds.withMethods('a Registry of prom-client', 'registerMetric', 'metrics'),
    namespace: kinds.text,
    latencyBuckets: kinds.kind('a list of numbers', Array.isArray, '[0.001, 0.01, 0.1, 1]'),
    push: kinds.nested(PUSH_OPTIONS),
  },
  {
    registry: "use 'register' instead",
    prefix: "use 'namespace' instead",
    exportEndpoint: "use 'push.endpoint' instead",
  },
);

/** How operations of one topic ended, and how long they took. */
interface Operations {
  readonly total: Count;
  readonly succeeded: Count;
  readonly failed: Count;
  readonly latency: Distribution;
}

/**
 * Collects for one bus. Collectors with the same registry and namespace share the metrics: counters and histograms add up;
 * `connected` is 1 if all of their buses are, `backlog_state` is the worst one, other gauges are the sum.
 *
 * Topics are bounded by core, which tells no more than 200 apart.
 */
export class PrometheusMetricsCollector implements MetricsCollector {
  readonly register: AnyRegistry;
  readonly #metrics: MetricSet;
  readonly #published = new Map<string, Operations>();
  readonly #consumed = new Map<string, Operations>();
  readonly #reconnects: Operations;
  readonly #healthChecks: Operations;
  readonly #gauges: Readonly<Record<keyof MetricSet['gauges'], Readings>>;
  readonly #pusher: Pusher | undefined;
  #closed: Promise<void> | undefined;

  /** @throws ConfigError for an unusable namespace, buckets or endpoint, and if a metric's name is taken in the registry */
  constructor(options: PrometheusOptions = {}) {
    checkOptions('PrometheusMetricsCollector', options, OPTIONS);
    this.register = options.register ?? globalRegister;
    const pusher = options.push === undefined ? undefined : new Pusher(this.register, options.push);
    const buckets = options.latencyBuckets ?? LATENCY_BUCKETS;
    this.#metrics = metricSet(this.register, options.namespace ?? 'ebus', buckets);
    const { counters, histograms, gauges } = this.#metrics;
    this.#reconnects = {
      total: counters.reconnect_total.at(),
      succeeded: counters.reconnect_success_total.at(),
      failed: counters.reconnect_failed_total.at(),
      latency: histograms.reconnect_latency_seconds.at(),
    };
    this.#healthChecks = {
      total: counters.health_check_total.at(),
      succeeded: counters.health_check_healthy_total.at(),
      failed: counters.health_check_unhealthy_total.at(),
      latency: histograms.health_check_latency_seconds.at(),
    };
    this.#gauges = mapValues(gauges, (gauge) => gauge.open());
    this.#pusher = pusher;
    pusher?.start();
  }

  recordPublish(topic: string, ok: boolean, seconds: number): void {
    count(this.#published.get(topic) ?? this.#newPublished(topic), 1, ok, seconds);
  }

  /** Counts every message; the histogram gets the one duration of the batch. */
  recordPublishBatch(topic: string, messages: number, ok: boolean, seconds: number): void {
    count(this.#published.get(topic) ?? this.#newPublished(topic), messages, ok, seconds);
  }

  recordConsume(topic: string, ok: boolean, seconds: number): void {
    count(this.#consumed.get(topic) ?? this.#newConsumed(topic), 1, ok, seconds);
  }

  /** Counts every message; the histogram gets the one duration of the batch. */
  recordConsumeBatch(topic: string, messages: number, ok: boolean, seconds: number): void {
    count(this.#consumed.get(topic) ?? this.#newConsumed(topic), messages, ok, seconds);
  }

  recordConnection(up: boolean): void {
    this.#gauges.connected.set('', up ? 1 : 0);
  }

  recordReconnect(ok: boolean, seconds: number): void {
    count(this.#reconnects, 1, ok, seconds);
  }

  recordBacklog(topic: string, messages: number): void {
    this.#gauges.backlog.set(topic, messages);
  }

  recordBacklogState(topic: string, state: 0 | 1 | 2): void {
    this.#gauges.backlog_state.set(topic, state);
  }

  recordHealthCheck(ok: boolean, seconds: number): void {
    count(this.#healthChecks, 1, ok, seconds);
  }

  recordError(type: string, topic?: string): void {
    const { errors_total, errors_by_topic_total } = this.#metrics.counters;
    errors_total.at(type).value++;
    if (topic !== undefined) errors_by_topic_total.at(topic).value++;
  }

  recordRetry(topic: string): void {
    this.#metrics.counters.retries_total.at(topic).value++;
  }

  recordDeadLetter(topic: string): void {
    this.#metrics.counters.dead_letters_total.at(topic).value++;
  }

  recordDuplicate(topic: string): void {
    this.#metrics.counters.duplicates_total.at(topic).value++;
  }

  recordSkipped(topic: string): void {
    this.#metrics.counters.skipped_total.at(topic).value++;
  }

  recordInFlight(topic: string, messages: number): void {
    this.#gauges.in_flight.set(topic, messages);
  }

  recordPool({ queued, activeKeys }: PoolStats): void {
    this.#gauges.pool_queued.set('', queued);
    this.#gauges.pool_active_keys.set('', activeKeys);
  }

  recordHalted(topic: string, messages: number): void {
    this.#gauges.halted.set(topic, messages);
  }

  recordParked(topic: string, keys: number): void {
    this.#gauges.parked_keys.set(topic, keys);
  }

  /** The whole registry, in its own format. */
  async expose(): Promise<MetricsExposition> {
    return { contentType: this.register.contentType, body: await this.register.metrics() };
  }

  /**
   * Takes the gauges of this bus away, and pushes a last time; counters and histograms stay. Where a Pushgateway does not
   * answer, it takes up to twice the push timeout. Never rejects. Idempotent.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const metrics: Readonly<Record<string, GaugeMetric>> = this.#metrics.gauges;
    for (const [name, readings] of Object.entries(this.#gauges)) metrics[name]?.withdraw(readings);
    await this.#pusher?.close();
  }

  #newPublished(topic: string): Operations {
    const { counters, histograms } = this.#metrics;
    const operations = {
      total: counters.publish_total.at(topic),
      succeeded: counters.publish_success_total.at(topic),
      failed: counters.publish_failed_total.at(topic),
      latency: histograms.publish_latency_seconds.at(topic),
    };
    this.#published.set(topic, operations);
    return operations;
  }

  #newConsumed(topic: string): Operations {
    const { counters, histograms } = this.#metrics;
    const operations = {
      total: counters.consume_total.at(topic),
      succeeded: counters.consume_success_total.at(topic),
      failed: counters.consume_failed_total.at(topic),
      latency: histograms.consume_latency_seconds.at(topic),
    };
    this.#consumed.set(topic, operations);
    // A counter that begins at 1 has no rate for its first event: it is there, with 0, before anything can go wrong.
    counters.retries_total.at(topic);
    counters.dead_letters_total.at(topic);
    return operations;
  }
}

function count(operations: Operations, messages: number, ok: boolean, seconds: number): void {
  operations.total.value += messages;
  (ok ? operations.succeeded : operations.failed).value += messages;
  operations.latency.observe(seconds);
}

function mapValues<K extends string, V, R>(
  record: Readonly<Record<K, V>>,
  map: (value: V) => R,
): Record<K, R> {
  return Object.fromEntries(Object.entries<V>(record).map(([key, value]) => [key, map(value)])) as Record<
    K,
    R
  >;
}
