/**
 * The common base of the three kinds of metrics.
 *
 * prom-client's own counters and histograms look their labels up by a text that they join for every measurement. These keep
 * one object per label instead, which collectors hold on to: a measurement is an addition. To a registry they are metrics
 * like any other: it reads `name`, `type` and `get()`.
 */
import type { Counter, Gauge, Histogram, LabelValues } from 'prom-client';
import type { Label } from './definitions.js';

/** One line of the exposition. */
export interface Sample {
  readonly value: number;
  readonly labels: LabelValues<string>;
  readonly metricName?: string;
}

type MetricType = 'counter' | 'gauge' | 'histogram';
/** A metric that a registry accepts. */
export type Registrable = Counter | Gauge | Histogram;

/** A metric as a registry of prom-client reads it. Subclasses give the samples. */
export abstract class Metric {
  /** A registry for OpenMetrics takes `_total` off it, and puts it back on the samples. */
  name: string;
  readonly help: string;
  readonly label: Label | undefined;
  abstract readonly type: MetricType;
  /** How a cluster's primary process joins the figures of its workers. */
  abstract readonly aggregator: string;

  constructor(name: string, help: string, label?: Label) {
    this.name = name;
    this.help = help;
    this.label = label;
  }

  abstract samples(): Sample[];

  /** Called by `registry.resetMetrics()`. What collectors hold on to stays in use. */
  abstract reset(): void;

  /** Called by the registry on every scrape. */
  async get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.samples() };
  }

  /** The labels of a sample: `''` stands for none. */
  protected labelsOf(value: string): LabelValues<string> {
    return this.label === undefined ? {} : { [this.label]: value };
  }
}
