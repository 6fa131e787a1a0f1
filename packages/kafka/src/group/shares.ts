/** The topics of one group. */
import type { Partition } from './partition.js';
import type { TopicShare } from './topic-share.js';

/** The topics that this member reads or is about to leave. */
export class Shares {
  /** By topic. */
  readonly active = new Map<string, TopicShare>();
  /** Those that are being left: their partitions are still this member's. */
  readonly leaving = new Map<string, TopicShare>();

  of(topic: string): TopicShare | undefined {
    return this.active.get(topic) ?? this.leaving.get(topic);
  }

  partitions(): Partition[] {
    return [...this.active.values(), ...this.leaving.values()].flatMap(({ partitions }) => [
      ...partitions.values(),
    ]);
  }

  get hasReaders(): boolean {
    return [...this.active.values()].some(({ reader }) => reader !== undefined);
  }
}
