/** What a collector exposes: the names of all series with their labels. */
import { Registry } from 'prom-client';
import { PrometheusMetricsCollector } from '../collector.js';
import { typesOf } from './exposition.js';

/** Labels that Prometheus adds to what it scrapes. */
const OF_TARGETS = ['job', 'instance'];

/** The labels that each name may have in a query; three names for a histogram. */
export async function knownSeries(namespace: string): Promise<Map<string, readonly string[]>> {
  const metrics = new PrometheusMetricsCollector({ register: new Registry(), namespace });
  const types = typesOf((await metrics.expose()).body);
  const known = new Map<string, readonly string[]>();
  for (const [name, type] of Object.entries(types)) {
    const { label } = metrics.register.getSingleMetric(name) as unknown as { label?: string };
    const labels = [...OF_TARGETS, ...(label === undefined ? [] : [label])];
    const names = type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    for (const each of names) known.set(each, labels);
  }
  return known;
}
