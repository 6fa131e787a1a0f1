/**
 * Gauges: how things are now, of every collector that shares the metric. What a collector says goes with it, so that a bus
 * that was closed is not taken for one that lost its connection.
 */
import type { Label } from './definitions.js';
import { Metric, type Sample } from './metric.js';

/** The rule that joins the figures of several collectors. */
export type Aggregation = 'sum' | 'min' | 'max';

const AGGREGATE: Record<Aggregation, (values: readonly number[]) => number> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
};

/** One collector's values, by label. */
export type Readings = Map<string, number>;

/** A gauge that several collectors set. Each scrape aggregates the readings that are open then. */
export class GaugeMetric extends Metric {
  readonly type = 'gauge';
  readonly aggregator: Aggregation;
  readonly #open = new Set<Readings>();

  constructor(name: string, help: string, label: Label | undefined, aggregation: Aggregation) {
    super(name, help, label);
    this.aggregator = aggregation;
  }

  /** For one collector, until `withdraw`. */
  open(): Readings {
    const readings: Readings = new Map();
    this.#open.add(readings);
    return readings;
  }

  withdraw(readings: Readings): void {
    this.#open.delete(readings);
  }

  samples(): Sample[] {
    const all = new Map<string, number[]>();
    // Without a label there is something to say as soon as there is a collector.
    if (this.label === undefined && this.#open.size > 0) all.set('', []);
    for (const readings of this.#open) {
      for (const [label, value] of readings) {
        const values = all.get(label);
        if (values === undefined) all.set(label, [value]);
        else values.push(value);
      }
    }
    return [...all].map(([label, values]) => ({
      value: values.length === 0 ? 0 : AGGREGATE[this.aggregator](values),
      labels: this.labelsOf(label),
    }));
  }

  reset(): void {
    for (const readings of this.#open) readings.clear();
  }
}
