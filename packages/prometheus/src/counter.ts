/** Counters: they only grow. */
import { Metric, type Sample } from './metric.js';

/** The count under one label. */
export interface Count {
  value: number;
}

/** A counter with one count per label value. Increment `at(label).value`; a scrape reads it then. */
export class CounterMetric extends Metric {
  readonly type = 'counter';
  readonly aggregator = 'sum';
  readonly #counts = new Map<string, Count>();

  /** The count under a label; it is exposed from now on. All callers share it. */
  at(label = ''): Count {
    let count = this.#counts.get(label);
    if (count === undefined) {
      count = { value: 0 };
      this.#counts.set(label, count);
    }
    return count;
  }

  samples(): Sample[] {
    return [...this.#counts].map(([label, { value }]) => ({ value, labels: this.labelsOf(label) }));
  }

  reset(): void {
    for (const count of this.#counts.values()) count.value = 0;
  }
}
