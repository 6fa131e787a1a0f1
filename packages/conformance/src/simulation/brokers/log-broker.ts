/** A broker with a log, as Kafka is: partitions, groups that share them by assignment, commits of positions. */
import { fnv1a32 } from '@ebus/core';
import type { Random } from '../time/random.js';
import type { VirtualTime } from '../time/virtual-time.js';
import { type GroupTopic, LogGroup } from './log-group.js';
import type { Partition } from './log-types.js';
import type { BrokerEvents, NewRecord, StoredRecord } from './records.js';

class LogTopic implements GroupTopic {
  readonly name: string;
  readonly partitions: Partition[];
  readonly groups = new Map<string, LogGroup>();
  readonly waiting = new Set<() => void>();

  constructor(name: string, partitions: number) {
    this.name = name;
    this.partitions = Array.from({ length: partitions }, (_, index) => ({
      ...{ index, incarnation: 0, keptUpTo: [], records: [] },
    }));
  }
}

/** Topics, their groups and the accidents that may happen to a log. */
export class LogBroker {
  readonly topics = new Map<string, LogTopic>();
  readonly #time: VirtualTime;
  readonly #events: BrokerEvents;
  readonly #random: Random;
  readonly #partitionsOf: (topic: string) => number;

  constructor(
    time: VirtualTime,
    events: BrokerEvents,
    random: Random,
    partitionsOf: (topic: string) => number,
  ) {
    this.#time = time;
    this.#events = events;
    this.#random = random;
    this.#partitionsOf = partitionsOf;
  }

  topic(name: string): LogTopic {
    let topic = this.topics.get(name);
    if (topic === undefined) {
      topic = new LogTopic(name, this.#partitionsOf(name));
      this.topics.set(name, topic);
    }
    return topic;
  }

  group(name: string, group: string): LogGroup {
    const topic = this.topic(name);
    let found = topic.groups.get(group);
    if (found === undefined) {
      found = new LogGroup(topic, this.#time, this.#events, this.#random);
      topic.groups.set(group, found);
    }
    return found;
  }

  store(name: string, record: NewRecord): StoredRecord {
    const topic = this.topic(name);
    const partition = topic.partitions[
      fnv1a32(String(record.key ?? '')) % topic.partitions.length
    ] as Partition;
    const stored: StoredRecord = {
      ...record,
      ...{ topic: name, persistence: 'persistent', at: this.#time.now },
      ...{ partition: partition.index, offset: partition.records.length },
    };
    partition.records.push(stored);
    this.#events.stored(stored);
    this.#wake(topic);
    return stored;
  }

  /** Offsets that hold no message, at the end of a partition. */
  mark(name: string, index: number): void {
    const { partitions } = this.topic(name);
    (partitions[index % partitions.length] as Partition).records.push(undefined);
  }

  /** The newest are gone, as after an unclean election; what is written next takes their offsets. */
  truncate(name: string, index: number, count: number): void {
    const { partitions } = this.topic(name);
    this.#cutOff(partitions[index % partitions.length] as Partition, count);
  }

  /** Deleted and made anew: offsets begin at 0 again, and positions of groups are of the old one. */
  recreate(name: string): void {
    for (const partition of this.topic(name).partitions) this.#cutOff(partition, partition.records.length);
  }

  #cutOff(partition: Partition, count: number): void {
    const kept = Math.max(0, partition.records.length - count);
    partition.incarnation++;
    partition.keptUpTo.push(kept);
    for (const record of partition.records.splice(kept))
      if (record !== undefined) this.#events.forgotten(record);
  }

  #wake(topic: LogTopic): void {
    for (const wake of [...topic.waiting]) wake();
  }
}
