/** Gauges that several subscriptions have a share in: the collector is told the sum. */
import type { MetricsCollector } from './collector.js';

/** One subscription's share in the gauges. */
export interface GaugeShare {
  /** Sets this subscription's figures. */
  set(inFlight: number, queued: number, activeKeys: number): void;
}

/** Gauges over the subscriptions of one bus: `in_flight` by topic, and the keyed pools of all together. */
export class SharedGauges {
  readonly #metrics: MetricsCollector;
  readonly #inFlight = new Map<string, number>();
  #queued = 0;
  #activeKeys = 0;

  constructor(metrics: MetricsCollector) {
    this.#metrics = metrics;
  }

  /** A subscription sets its share to 0 when it ends. Those that are not `ordered` have no pool. */
  share(topic: string, ordered: boolean): GaugeShare {
    let [inFlightHere, queuedHere, activeKeysHere] = [0, 0, 0];
    return {
      set: (inFlight, queued, activeKeys) => {
        const total = (this.#inFlight.get(topic) ?? 0) + inFlight - inFlightHere;
        inFlightHere = inFlight;
        if (total === 0) this.#inFlight.delete(topic);
        else this.#inFlight.set(topic, total);
        this.#metrics.recordInFlight(topic, total);
        if (!ordered) return;
        this.#queued += queued - queuedHere;
        this.#activeKeys += activeKeys - activeKeysHere;
        queuedHere = queued;
        activeKeysHere = activeKeys;
        this.#metrics.recordPool({ queued: this.#queued, activeKeys: this.#activeKeys });
      },
    };
  }
}
