/** Asks brokers how far groups are behind, and notes since when they have not moved. */
import type { Clock } from '../clock.js';
import type { PartitionLag } from '../driver/subscription.js';
import { anySignal, linkedSignal } from '../util/any-signal.js';
import { abortable } from '../util/waiting.js';

/** A subscription whose lag can be asked for. */
export interface LagSource {
  /** The same object for as long as the subscription lives. */
  readonly identity: object;
  readonly topic: string;
  readonly group: string;
  /** Messages taken from the broker so far. */
  readonly received: number;
  /** Since when the oldest unsettled message is here, in monotonic time. */
  readonly oldestArrival: number | undefined;
  /** The oldest unsettled message here of each partition that has one; another object once it is settled. */
  readonly held: ReadonlyMap<number, object>;
  lag(signal: AbortSignal): Promise<readonly PartitionLag[]>;
}

/** The answer to one question about a subscription's lag, or the lack of one. */
export interface LagReading {
  readonly source: LagSource;
  /** Wall time of the answer. */
  readonly at: number;
  /** The same in monotonic time. */
  readonly readAt: number;
  /** Undefined where it could not be asked for: see `error`. */
  readonly partitions: readonly PartitionLag[] | undefined;
  readonly error?: unknown;
}

interface LagState {
  readonly lag: PartitionLag;
  readonly readAt: number;
  /** Since when it should have moved. */
  readonly since: number;
  /** Messages received by then. */
  readonly receivedThen: number;
  /** The message here that it waits for; undefined once that was settled, or where there was none. */
  readonly waitsFor: object | undefined;
}

/** The lag could not be asked for, again and again. */
export interface LagFailure {
  /** From the first question without an answer to the last one. */
  readonly forMs: number;
  readonly error: unknown;
}

/** For one question. */
const ASK_TIMEOUT_MS = 10_000;

/** Parts of a `LagWatch`. */
export interface LagWatchOptions {
  readonly clock: Clock;
  /** Aborts when the bus begins to close. */
  readonly closing: AbortSignal;
  /** Those that can be asked now. */
  sources(): readonly LagSource[];
  /** The answers of one round of questions. */
  onReadings(readings: readonly LagReading[]): void;
}

/** Asks once for all who want to know. Keeps, by subscription and partition, since when a position has stood still. */
export class LagWatch {
  readonly #options: LagWatchOptions;
  readonly #lagStates = new WeakMap<object, Map<number, LagState>>();
  readonly #failures = new WeakMap<object, { readonly since: number; readonly last: LagFailure }>();
  #asking: Promise<readonly LagReading[]> | undefined;
  #givenUp = new AbortController();

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

  /** Answers under way are not waited for any longer. */
  giveUp(): void {
    this.#givenUp.abort();
    this.#givenUp = new AbortController();
  }

  /** Undefined where the last question was answered. */
  failureOf(identity: object): LagFailure | undefined {
    return this.#failures.get(identity)?.last;
  }

  /** The last known lag of a subscription. */
  lagStates(identity: object) {
    return [...(this.#lagStates.get(identity)?.values() ?? [])].map(
      ({ lag, readAt, since, receivedThen }) => ({
        partition: lag.partition,
        lag: lag.lag,
        unread: lag.unread,
        unmovedMs: lag.lag === 0 ? 0 : readAt - since,
        receivedThen,
      }),
    );
  }

  async #ask(): Promise<readonly LagReading[]> {
    const { closing, sources, onReadings } = this.#options;
    const { signal: over, release } = linkedSignal(closing, this.#givenUp.signal);
    const readings = await Promise.all(sources().map((source) => this.#read(source, over))).finally(release);
    if (over.aborted) return [];
    onReadings(readings);
    return readings;
  }

  async #read(source: LagSource, over: AbortSignal): Promise<LagReading> {
    const { clock } = this.#options;
    const { topic } = source;
    try {
      const signal = anySignal(clock.timeout(ASK_TIMEOUT_MS), over);
      // Given up here as well: a driver may take its time to heed the signal.
      const partitions = await abortable(source.lag(signal), signal, `asking for the lag of '${topic}'`);
      const readAt = clock.monotonic();
      this.#failures.delete(source.identity);
      this.#note(source, partitions, readAt);
      return { source, at: clock.now(), readAt, partitions };
    } catch (error) {
      // What cannot be asked has not been seen to stand still.
      this.#lagStates.delete(source.identity);
      const readAt = clock.monotonic();
      if (!over.aborted) this.#noteFailure(source, error, readAt);
      return { source, at: clock.now(), readAt, partitions: undefined, error };
    }
  }

  #noteFailure({ identity }: LagSource, error: unknown, readAt: number): void {
    const since = this.#failures.get(identity)?.since ?? readAt;
    this.#failures.set(identity, { since, last: { forMs: readAt - since, error } });
  }

  #note({ identity, received, held }: LagSource, partitions: readonly PartitionLag[], readAt: number): void {
    const before = this.#lagStates.get(identity);
    this.#lagStates.set(
      identity,
      new Map(
        partitions.map((lag) => {
          const holder = held.get(lag.partition);
          const anew = { lag, readAt, since: readAt, receivedThen: received, waitsFor: holder };
          const last = before?.get(lag.partition);
          const stands = last !== undefined && last.lag.lag > 0 && lag.lag > 0 && !hasMoved(last.lag, lag);
          if (!stands) return [lag.partition, anew];
          // Where a message here holds it up, nothing is due before that is settled. Whether it ever is, others watch.
          const waited = last.waitsFor !== undefined;
          if (waited && last.waitsFor === holder) return [lag.partition, anew];
          if (waited) return [lag.partition, { ...anew, waitsFor: undefined }];
          return [lag.partition, { ...last, lag, readAt }];
        }),
      ),
    );
  }
}

/** By the position where the driver tells it, else by the lag and the age of the oldest message. */
function hasMoved(before: PartitionLag, now: PartitionLag): boolean {
  if (before.position !== undefined && now.position !== undefined) return before.position !== now.position;
  return now.lag < before.lag || before.oldestTimestamp !== now.oldestTimestamp;
}
