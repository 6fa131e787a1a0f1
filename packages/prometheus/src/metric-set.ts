/** The metrics of one namespace in one registry, shared by the collectors of a process. */
import { ConfigError } from '@ebus/core';
import type { Registry, RegistryContentType } from 'prom-client';
import { CounterMetric } from './counter.js';
import { COUNTERS, GAUGES, HISTOGRAMS, type Label } from './definitions.js';
import { type Aggregation, GaugeMetric } from './gauge.js';
import { HistogramMetric } from './histogram.js';
import { Metric, type Registrable } from './metric.js';

/** A registry of either format. */
export type AnyRegistry = Registry<RegistryContentType>;

/** The metrics by their names in `definitions.ts`, without the prefix. */
export interface MetricSet {
  readonly counters: Readonly<Record<keyof typeof COUNTERS, CounterMetric>>;
  readonly histograms: Readonly<Record<keyof typeof HISTOGRAMS, HistogramMetric>>;
  readonly gauges: Readonly<Record<keyof typeof GAUGES, GaugeMetric>>;
}

/** Colons are for recording rules, says Prometheus, so exporters do not use them. */
const NAMESPACE = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The rule of `isValidNamespace` as the end of an error message. */
export const NAMESPACE_RULE =
  "must consist of letters, digits and '_', and not begin with a digit, as names in Prometheus do";

/** True for a namespace that begins valid metric names: letters, digits and `_`, no digit first. */
export function isValidNamespace(namespace: string): boolean {
  return NAMESPACE.test(namespace);
}

/**
 * The metrics of a namespace: those that are in the registry already, new ones where they are not.
 * @throws ConfigError if the namespace cannot begin a name, the buckets do not ascend, or one of the names is taken by
 * something else; then nothing was registered
 */
export function metricSet(register: AnyRegistry, namespace: string, buckets: readonly number[]): MetricSet {
  if (!isValidNamespace(namespace)) {
    throw new ConfigError(`the namespace of metrics ${NAMESPACE_RULE}; got ${JSON.stringify(namespace)}`);
  }
  const bounds = checkedBuckets(buckets);
  const full = (name: string) => `${namespace}_eventbus_${name}`;
  const found = new Finder(register);
  type Defined = { readonly help: string; readonly label?: Label };
  const each = <Name extends string, D extends Defined, M>(
    definitions: Record<Name, D>,
    make: (name: string, definition: D) => M,
  ) =>
    Object.fromEntries(
      Object.entries<D>(definitions).map(([name, definition]) => [name, make(full(name), definition)]),
    ) as Record<Name, M>;

  const set: MetricSet = {
    counters: each(COUNTERS, (name, { help, label }: Defined) =>
      found.orNew(name, new CounterMetric(name, help, label)),
    ),
    histograms: each(HISTOGRAMS, (name, { help, label }: Defined) =>
      found.orNew(name, new HistogramMetric(name, help, label, bounds)),
    ),
    gauges: each(GAUGES, (name, { help, label, aggregation }: Defined & { aggregation: Aggregation }) =>
      found.orNew(name, new GaugeMetric(name, help, label, aggregation)),
    ),
  };
  found.register();
  return set;
}

/** Looks before it registers, so that a name that is taken leaves nothing half done. */
class Finder {
  readonly #register: AnyRegistry;
  readonly #created: Metric[] = [];

  constructor(register: AnyRegistry) {
    this.#register = register;
  }

  orNew<M extends Metric>(name: string, metric: M): M {
    const there: unknown = this.#register.getSingleMetric(name);
    if (there === undefined) {
      this.#created.push(metric);
      return metric;
    }
    const difference = differenceOf(there, metric);
    if (difference === undefined) return there as M;
    throw new ConfigError(
      `the metric '${name}' is in the registry already, ${difference}; ` +
        'use another namespace for the bus, or a registry of its own',
    );
  }

  register(): void {
    for (const metric of this.#created) this.#register.registerMetric(metric as unknown as Registrable);
  }
}

function differenceOf(there: unknown, wanted: Metric): string | undefined {
  if (!(there instanceof Metric)) {
    return 'and was not made by this installation of @ebus/prometheus';
  }
  if (there.type !== wanted.type) return `as a ${there.type} and not as a ${wanted.type}`;
  if (there.label !== wanted.label) return 'with other labels';
  if (
    there instanceof HistogramMetric &&
    wanted instanceof HistogramMetric &&
    String(there.bounds) !== String(wanted.bounds)
  ) {
    return `with other latencyBuckets (${there.bounds.join(', ')})`;
  }
  return undefined;
}

function checkedBuckets(buckets: readonly number[]): readonly number[] {
  const ascending = buckets.every(
    (bound, i) => Number.isFinite(bound) && bound > (i === 0 ? 0 : (buckets[i - 1] as number)),
  );
  if (buckets.length > 0 && ascending) return [...buckets];
  throw new ConfigError(
    'latencyBuckets must be upper bounds in seconds, at least one, each positive and more than the one before it; ' +
      `got ${buckets.join(', ') || 'none'}`,
  );
}
