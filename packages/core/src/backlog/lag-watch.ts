/** Asks brokers how far groups are behind, and notes since when they have not moved. */
import type { Clock } from '../clock.js';
import type { PartitionLag } from '../driver/driver.js';

/** A subscription whose lag can be asked for. */
export interface LagSource {
  /** The same object for as long as the subscription lives. */
  readonly identity: object;
  readonly topic: string;
  readonly group: string;
  /** Messages taken from the broker so far. */
  readonly received: number;
  /** Epoch milliseconds of the oldest unsettled message here, where its broker does not say. */
  readonly oldestTimestamp: number | undefined;
  lag(signal: AbortSignal): Promise<readonly PartitionLag[]>;
}

export interface LagReading {
  readonly source: LagSource;
  readonly at: number;
  /** Undefined where it could not be asked for: see `error`. */
  readonly partitions: readonly PartitionLag[] | undefined;
  readonly error?: unknown;
}

interface Standing {
  readonly lag: PartitionLag;
  readonly movedAt: number;
  readonly receivedThen: number;
}

/** For one question. */
const ASK_TIMEOUT_MS = 10_000;

export interface LagWatchOptions {
  readonly clock: Clock;
  /** Those that can be asked now. */
  sources(): readonly LagSource[];
  /** What one round of questions brought. */
  onReadings(readings: readonly LagReading[]): void;
}

export class LagWatch {
  readonly #options: LagWatchOptions;
  readonly #standings = new WeakMap<object, Map<number, Standing>>();
  #asking: Promise<readonly LagReading[]> | undefined;

  constructor(options: LagWatchOptions) {
    this.#options = options;
  }

  /** Asks for the lag of every subscription, all at once. Who asks meanwhile gets the same answer. Never rejects. */
  ask(): Promise<readonly LagReading[]> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** What the last questions say of a subscription. */
  standings(identity: object) {
    const now = this.#options.clock.now();
    return [...(this.#standings.get(identity)?.values() ?? [])].map(({ lag, movedAt, receivedThen }) => ({
      partition: lag.partition,
      lag: lag.lag,
      unread: lag.unread,
      unmovedMs: lag.lag === 0 ? 0 : now - movedAt,
      receivedThen,
    }));
  }

  async #ask(): Promise<readonly LagReading[]> {
    const readings = await Promise.all(this.#options.sources().map((source) => this.#read(source)));
    this.#options.onReadings(readings);
    return readings;
  }

  async #read(source: LagSource): Promise<LagReading> {
    const { clock } = this.#options;
    try {
      const partitions = await source.lag(AbortSignal.timeout(ASK_TIMEOUT_MS));
      const at = clock.now();
      this.#note(source, partitions, at);
      return { source, at, partitions };
    } catch (error) {
      // What cannot be asked has not been seen to stand still.
      this.#standings.delete(source.identity);
      return { source, at: clock.now(), partitions: undefined, error };
    }
  }

  #note({ identity, received }: LagSource, partitions: readonly PartitionLag[], now: number): void {
    const before = this.#standings.get(identity);
    this.#standings.set(
      identity,
      new Map(
        partitions.map((lag) => {
          const last = before?.get(lag.partition);
          const stands = last !== undefined && last.lag.lag > 0 && lag.lag > 0 && !hasMoved(last.lag, lag);
          return [lag.partition, stands ? { ...last, lag } : { lag, movedAt: now, receivedThen: received }];
        }),
      ),
    );
  }
}

/** By the position where the driver tells it, else by what follows from it. */
function hasMoved(before: PartitionLag, now: PartitionLag): boolean {
  if (before.position !== undefined && now.position !== undefined) return before.position !== now.position;
  return now.lag < before.lag || before.oldestTimestamp !== now.oldestTimestamp;
}
