/** `@ebus/prometheus`: metrics of a bus for Prometheus. */
export { PrometheusMetricsCollector, type PrometheusOptions } from './collector.js';
export type { AnyRegistry } from './metric-set.js';
export { prometheus } from './plugin.js';
export type { PushOptions } from './pusher.js';
