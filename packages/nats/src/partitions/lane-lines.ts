/** A line through all partitions of a topic whose messages take another way from there on. */
import type { Clock, Logger } from '@ebus/core/driver';
import type { Consumers } from '../consumers.js';
import { Line } from '../js/line.js';
import type { Streams } from '../streams.js';
import type { Lane } from './lanes.js';

interface LaneLinesOptions {
  readonly topic: string;
  readonly lanes: readonly Lane[];
  readonly streams: Streams;
  readonly consumers: Consumers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ackWait: number;
}

/** Earlier messages are still read; the line is reached once the group has settled them, whoever has them. */
export class LaneLines {
  readonly #options: LaneLinesOptions;
  readonly #lines = new Map<number, Line>();

  constructor(options: LaneLinesOptions) {
    this.#options = options;
  }

  /** @param held how many deliveries of a partition are here */
  async draw(held: (partition: number) => number): Promise<void> {
    const { lanes, streams, consumers, topic, clock, logger, ackWait } = this.#options;
    const draw = async ({ consumer, partition }: Lane) => {
      const ends = consumer.filters.map((filter) => streams.lastSequence(consumer.stream, filter));
      const deliveries = {
        get size() {
          return held(partition);
        },
      };
      const through = Math.max(...(await Promise.all(ends)));
      const info = () => consumers.info(consumer);
      const isStored = (sequence: number) => streams.holdsMessage(consumer.stream, sequence);
      const line = new Line({ through, topic, deliveries, info, isStored, clock, logger, ackWait });
      return [partition, line] as const;
    };
    for (const [partition, line] of await Promise.all(lanes.map(draw))) this.#lines.set(partition, line);
  }

  /** False where it was given up. */
  async reached(): Promise<boolean> {
    const all = await Promise.all([...this.#lines.values()].map((line) => line.reached()));
    return all.every(Boolean);
  }

  isBeyond(partition: number, sequence: number): boolean {
    return sequence > (this.#lines.get(partition)?.through ?? Number.POSITIVE_INFINITY);
  }

  cancel(): void {
    for (const line of this.#lines.values()) line.cancel();
  }
}
