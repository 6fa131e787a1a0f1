/** A topic with partitions on a broker with leases. Its number of partitions may change: each group reads one layout after the other. */
import { fnv1a32 } from '@ebus/core';
import type { Random } from '../time/random.js';
import type { VirtualTime } from '../time/virtual-time.js';
import { LeaseConsumer, Stream } from './lease-consumer.js';
import { PartedGroup } from './parted-group.js';
import type { BrokerEvents, NewRecord, StoredRecord } from './records.js';

const LOOK_MS = 500;
/** So long nothing of a former layout has to be unsettled. */
const QUIET_MS = 1_000;

interface PartedTopicOptions {
  readonly name: string;
  readonly partitions: number;
  readonly time: VirtualTime;
  readonly events: BrokerEvents;
  readonly random: Random;
}

/** A number of partitions, and what was stored while it was the topic's. */
export class Layout {
  readonly streams: readonly Stream[];
  readonly #options: PartedTopicOptions;
  readonly #groups = new Map<string, PartedGroup>();

  constructor(options: PartedTopicOptions, partitions: number, base: number) {
    this.#options = options;
    this.streams = Array.from({ length: partitions }, () => new Stream(options.name, base));
  }

  get groups(): Iterable<string> {
    return this.#groups.keys();
  }

  group(name: string): PartedGroup {
    let group = this.#groups.get(name);
    if (group === undefined) {
      const partitions = this.streams.length;
      const consumer = (partition: number) => this.consumer(name, partition);
      group = new PartedGroup({ ...this.#options, partitions, consumer });
      this.#groups.set(name, group);
    }
    return group;
  }

  stream(partition: number): Stream {
    return this.streams[partition] as Stream;
  }

  consumer(group: string, partition: number): LeaseConsumer {
    const stream = this.stream(partition);
    return stream.consumers.get(group) ?? this.make(group, partition, stream.base);
  }

  make(group: string, partition: number, floor: number): LeaseConsumer {
    const { time, events } = this.#options;
    const stream = this.stream(partition);
    const made = new LeaseConsumer(stream, floor, true, time, events);
    stream.consumers.set(group, made);
    return made;
  }

  lag(group: string): number {
    return this.streams.reduce((sum, _, partition) => sum + this.consumer(group, partition).lag, 0);
  }

  /** By an operator. */
  deleteConsumers(group: string): void {
    for (const { consumers } of this.streams) {
      consumers.get(group)?.delete();
      consumers.delete(group);
    }
  }
}

/** Its layouts, oldest first. Offsets rise over all of them. */
export class PartedTopic {
  readonly #options: PartedTopicOptions;
  readonly layouts: Layout[] = [];
  #last = 0;

  constructor(options: PartedTopicOptions) {
    this.#options = options;
    this.repartition(options.partitions);
  }

  store(record: NewRecord): StoredRecord {
    const { events, time, name } = this.#options;
    const { streams } = this.layouts.at(-1) as Layout;
    const partition = fnv1a32(String(record.key ?? '')) % streams.length;
    const stream = streams[partition] as Stream;
    const stored: StoredRecord = {
      ...record,
      ...{ topic: name, persistence: 'persistent', at: time.now, partition, offset: stream.end + 1 },
    };
    stream.records.push(stored);
    this.#last = Math.max(this.#last, stored.offset);
    events.stored(stored);
    for (const consumer of stream.consumers.values()) consumer.pump();
    return stored;
  }

  /** The one that the group reads. */
  current(group: string): Layout {
    return this.layouts.find((layout) => !layout.group(group).isOver) as Layout;
  }

  /** Everything that is stored from now on is in the new partitions. */
  repartition(partitions: number): void {
    this.layouts.push(new Layout(this.#options, partitions, this.#last));
    if (this.layouts.length === 2) this.#look(new Map());
  }

  lag(group: string): number {
    return this.layouts.reduce((sum, layout) => sum + layout.lag(group), 0);
  }

  /** @param drained since when former layouts have been settled, by group and layout */
  #look(drained: Map<PartedGroup, number>): void {
    const { time, events } = this.#options;
    for (const layout of this.layouts.slice(0, -1)) {
      for (const name of layout.groups) {
        const group = layout.group(name);
        if (group.isOver || this.current(name) !== layout) continue;
        if (layout.lag(name) > 0) drained.delete(group);
        else if (
          time.now - (drained.get(group) ?? drained.set(group, time.now).get(group) ?? 0) >=
          QUIET_MS
        ) {
          events.count('partitions: a group moved on');
          group.isOver = true;
          for (const client of group.clients) client.movedOn();
        }
      }
    }
    time.at(LOOK_MS, () => this.#look(drained));
  }
}
