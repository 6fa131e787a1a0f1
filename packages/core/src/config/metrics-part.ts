/** The part of the configuration for a metrics plug-in. */
import type { MetricsPlugin } from '../registry/plugin.js';
import type { Registry } from '../registry/registry.js';
import type { Problems } from './problems.js';
import type { ResolvedConfig } from './schema.js';
import { shapeOf } from './shape.js';

const DEFAULT_TYPE = 'prometheus';

/** The name of the plug-in that collects. */
export function metricsType({ type }: ResolvedConfig['metrics']): string {
  return type ?? DEFAULT_TYPE;
}

/** Its part: the namespace, where to export to if that was said, and how often if it has a key for that. */
export function metricsPart(metrics: ResolvedConfig['metrics'], plugin: MetricsPlugin): object {
  const { namespace, exportEndpoint, collectInterval } = metrics;
  return {
    namespace,
    ...(exportEndpoint === undefined ? {} : { exportEndpoint }),
    ...(shapeOf(plugin.config)?.collectInterval === undefined ? {} : { collectInterval }),
  };
}

/** Checks the part with the plug-in, if it is registered; creating the bus says so if it is not. */
export function checkMetricsPart(
  metrics: ResolvedConfig['metrics'],
  registry: Registry,
  problems: Problems,
): void {
  if (!metrics.enabled) return;
  const plugin: MetricsPlugin | undefined = registry
    .metrics()
    .find(({ name }) => name === metricsType(metrics));
  if (plugin === undefined) return;
  if (metrics.exportEndpoint !== undefined && shapeOf(plugin.config)?.exportEndpoint === undefined) {
    problems.add(
      ['metrics', 'exportEndpoint'],
      `the metrics plug-in '${plugin.name}' does not export to an endpoint`,
    );
    return;
  }
  const result = plugin.config.safeParse(metricsPart(metrics, plugin));
  for (const issue of result.error?.issues ?? []) problems.add(['metrics', ...issue.path], issue.message);
}
