/** Histograms of durations, in buckets that all labels share. */
import type { Label } from './definitions.js';
import { Metric, type Sample } from './metric.js';

/** The observations under one label. */
export class Distribution {
  readonly #bounds: readonly number[];
  /** How many fell into each bucket, not cumulated; the last one has no bound. */
  readonly #counts: Float64Array;
  /** In an array, where adding to it allocates nothing. */
  readonly #sum = new Float64Array(1);

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** Anything but a duration counts as 0: a clock that was set back must not spoil the sum for ever. */
  observe(seconds: number): void {
    const value = Number.isNaN(seconds) ? 0 : Math.max(seconds, 0);
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum[0] = (this.#sum[0] as number) + value;
  }

  samples(name: string, labels: Sample['labels']): Sample[] {
    const samples: Sample[] = [];
    let count = 0;
    this.#counts.forEach((inBucket, bucket) => {
      count += inBucket;
      const le = this.#bounds[bucket] ?? '+Inf';
      samples.push({ metricName: `${name}_bucket`, labels: { le, ...labels }, value: count });
    });
    samples.push({ metricName: `${name}_sum`, labels, value: this.#sum[0] as number });
    samples.push({ metricName: `${name}_count`, labels, value: count });
    return samples;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#sum.fill(0);
  }
}

/** A histogram with one distribution per label value. Counts are exposed cumulated, as Prometheus defines buckets. */
export class HistogramMetric extends Metric {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly bounds: readonly number[];
  readonly #distributions = new Map<string, Distribution>();

  constructor(name: string, help: string, label: Label | undefined, bounds: readonly number[]) {
    super(name, help, label);
    this.bounds = bounds;
  }

  /** The observations under a label, exposed from now on. All callers share it. */
  at(label = ''): Distribution {
    let distribution = this.#distributions.get(label);
    if (distribution === undefined) {
      distribution = new Distribution(this.bounds);
      this.#distributions.set(label, distribution);
    }
    return distribution;
  }

  samples(): Sample[] {
    return [...this.#distributions].flatMap(([label, distribution]) =>
      distribution.samples(this.name, this.labelsOf(label)),
    );
  }

  reset(): void {
    for (const distribution of this.#distributions.values()) distribution.reset();
  }
}
