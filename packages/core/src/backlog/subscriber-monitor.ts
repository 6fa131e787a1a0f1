/** Watches the backlog of subscriptions. */
import type { Clock } from '../clock.js';
import type { PartitionLag } from '../driver/subscription.js';
import { Ticker } from '../util/ticker.js';
import type { LagReading } from './lag-watch.js';
import { ratioOf, severityOf } from './severity.js';
import type {
  BacklogSeverity,
  SubscriberBacklog,
  SubscriberBacklogEvent,
  SubscriberBacklogState,
} from './types.js';

/** Limits and parts of a `SubscriberMonitor`. A limit of 0 is off. */
export interface SubscriberMonitorOptions {
  readonly clock: Clock;
  /** Throws once the bus closes: nothing is started then. */
  assertOpen?(): void;
  readonly maxLagThreshold: number;
  /** Milliseconds. */
  readonly maxTimeThreshold: number;
  readonly checkInterval: number;
  ask(): Promise<readonly LagReading[]>;
  onEvent(event: SubscriberBacklogEvent): void;
  /** Called at each look. */
  onLook(state: SubscriberBacklogState, severity: BacklogSeverity): void;
}

/**
 * Compares each subscription's lag, by partition, and its oldest unsettled message with their limits at every
 * interval.
 */
export class SubscriberMonitor implements SubscriberBacklog {
  readonly #options: SubscriberMonitorOptions;
  readonly #ticker: Ticker;
  #states = new Map<object, SubscriberBacklogEvent>();
  readonly #backlogged = new WeakSet<object>();

  constructor(options: SubscriberMonitorOptions) {
    this.#options = options;
    this.#ticker = new Ticker(options.clock, options.checkInterval, () => this.#look());
  }

  get running(): boolean {
    return this.#ticker.started;
  }

  async start(): Promise<void> {
    this.#options.assertOpen?.();
    this.#ticker.start();
  }

  async stop(): Promise<void> {
    await this.#ticker.stop();
    this.#states = new Map();
  }

  states(): readonly SubscriberBacklogEvent[] {
    return [...this.#states.values()];
  }

  async #look(): Promise<void> {
    const readings = await this.#options.ask();
    if (!this.running) return;
    // Those that are gone are left out.
    this.#states = new Map(readings.map((reading) => [reading.source.identity, this.#judge(reading)]));
  }

  #judge(reading: LagReading): SubscriberBacklogEvent {
    const { onEvent, onLook } = this.#options;
    const { identity, topic, group } = reading.source;
    const timestamp = new Date(reading.at);
    if (reading.partitions === undefined) {
      const event = { topic, consumerGroup: group, timestamp, error: reading.error };
      onEvent(event);
      return event;
    }
    const { state, severity } = backlogOf(reading, reading.partitions, this.#options);
    onLook(state, severity);
    const cleared = !state.hasBacklog && this.#backlogged.delete(identity);
    if (state.hasBacklog) this.#backlogged.add(identity);
    if (state.hasBacklog || cleared) onEvent(state);
    return state;
  }
}

/** Backlogged when the lag of one partition, or the age of the oldest unsettled message, is strictly above its limit. */
export function backlogOf(
  { source, at, readAt }: LagReading,
  partitions: readonly NonNullable<LagReading['partitions']>[number][],
  { maxLagThreshold, maxTimeThreshold }: { maxLagThreshold: number; maxTimeThreshold: number },
): { state: SubscriberBacklogState; severity: BacklogSeverity } {
  const lagCount = partitions.reduce((total, { lag }) => total + lag, 0);
  const largest = Math.max(0, ...partitions.map(({ lag }) => lag));
  const lagTimeMs = lagCount === 0 ? 0 : ageOf(source.oldestArrival, partitions, { at, readAt });
  const hasBacklog =
    (maxLagThreshold > 0 && largest > maxLagThreshold) ||
    (maxTimeThreshold > 0 && lagTimeMs > maxTimeThreshold);
  const ratio = Math.max(ratioOf(largest, maxLagThreshold), ratioOf(lagTimeMs, maxTimeThreshold));
  return {
    state: {
      hasBacklog,
      lagCount,
      lagTimeMs,
      topic: source.topic,
      consumerGroup: source.group,
      partitions,
      timestamp: new Date(at),
    },
    severity: severityOf(ratio),
  };
}

function ageOf(
  here: number | undefined,
  partitions: readonly Pick<PartitionLag, 'lag' | 'oldestAgeMs' | 'oldestTimestamp'>[],
  { at, readAt }: Pick<LagReading, 'at' | 'readAt'>,
): number {
  const told = partitions.map(({ lag, oldestAgeMs, oldestTimestamp = at }) =>
    lag > 0 ? (oldestAgeMs ?? at - oldestTimestamp) : 0,
  );
  return Math.max(0, ...told, here === undefined ? 0 : readAt - here);
}
