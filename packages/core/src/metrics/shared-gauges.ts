/** Gauges that several subscriptions have a share in: the collector is told the sum. */
import type { MetricsCollector } from './collector.js';

/** One subscription's share in the gauges. */
export interface GaugeShare {
  /** Sets this subscription's figures. */
  set(inFlight: number, queued: number, activeKeys: number): void;
  /** The same of its keys that stand. Tells the collector of changes alone. */
  setStanding(halted: number, parked: number): void;
}

/** Gauges over the subscriptions of one bus: `in_flight` by topic, and the keyed pools of all together. */
export class SharedGauges {
  readonly #metrics: MetricsCollector;
  readonly #inFlight = new Map<string, number>();
  readonly #halted = new Map<string, number>();
  readonly #parked = new Map<string, number>();
  #queued = 0;
  #activeKeys = 0;

  constructor(metrics: MetricsCollector) {
    this.#metrics = metrics;
  }

  /** A subscription sets its share to 0 when it ends. Those that are not `ordered` have no pool. */
  share(topic: string, ordered: boolean): GaugeShare {
    let [inFlightHere, queuedHere, activeKeysHere, haltedHere, parkedHere] = [0, 0, 0, 0, 0];
    return {
      set: (inFlight, queued, activeKeys) => {
        this.#metrics.recordInFlight(topic, added(this.#inFlight, topic, inFlight - inFlightHere));
        inFlightHere = inFlight;
        if (!ordered) return;
        this.#queued += queued - queuedHere;
        this.#activeKeys += activeKeys - activeKeysHere;
        queuedHere = queued;
        activeKeysHere = activeKeys;
        this.#metrics.recordPool({ queued: this.#queued, activeKeys: this.#activeKeys });
      },
      setStanding: (halted, parked) => {
        if (halted !== haltedHere)
          this.#metrics.recordHalted?.(topic, added(this.#halted, topic, halted - haltedHere));
        if (parked !== parkedHere)
          this.#metrics.recordParked?.(topic, added(this.#parked, topic, parked - parkedHere));
        haltedHere = halted;
        parkedHere = parked;
      },
    };
  }
}

/** The new total of a topic. Those at 0 are forgotten. */
function added(totals: Map<string, number>, topic: string, change: number): number {
  const total = (totals.get(topic) ?? 0) + change;
  if (total === 0) totals.delete(topic);
  else totals.set(topic, total);
  return total;
}
