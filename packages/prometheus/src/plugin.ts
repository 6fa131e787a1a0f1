/** The plug-in: a collector made by the `metrics` section of a configuration. */
import { definePlugin, z } from '@ebus/core/driver';
import { PrometheusMetricsCollector } from './collector.js';
import { isValidNamespace, NAMESPACE_RULE } from './metric-set.js';
import { ENDPOINT_RULE, isValidEndpoint } from './pusher.js';

/** Core's part of the `metrics` section. */
const configSchema = z.strictObject({
  namespace: z.string().refine(isValidNamespace, { error: NAMESPACE_RULE }).default('ebus'),
  exportEndpoint: z.string().refine(isValidEndpoint, { error: ENDPOINT_RULE }).optional(),
  /** Milliseconds. */
  collectInterval: z.number().positive({ error: 'must be above 0' }).default(30_000),
});

/**
 * `metrics: { enabled: true, type: 'prometheus' }`, in prom-client's global registry. With `exportEndpoint` it pushes to that
 * Pushgateway every `collectInterval`, as job `serviceName`. For a registry of your own pass a `PrometheusMetricsCollector`
 * to `createEventBus`.
 */
export const prometheus = definePlugin({
  kind: 'metrics',
  name: 'prometheus',
  config: configSchema,
  create({ namespace, exportEndpoint, collectInterval }, { serviceName, logger, clock }) {
    if (exportEndpoint === undefined) return new PrometheusMetricsCollector({ namespace });
    const push = { endpoint: exportEndpoint, interval: collectInterval, job: serviceName, logger, clock };
    return new PrometheusMetricsCollector({ namespace, push });
  },
});
