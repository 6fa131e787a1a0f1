/** What a metrics plug-in gets of the configuration. */
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

/** Its part: the namespace, and where to export to if that was said. */
export function metricsPart({ namespace, exportEndpoint }: ResolvedConfig['metrics']): object {
  return exportEndpoint === undefined ? { namespace } : { namespace, exportEndpoint };
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
  const result = plugin.config.safeParse(metricsPart(metrics));
  for (const issue of result.error?.issues ?? []) problems.add(['metrics', ...issue.path], issue.message);
}
