/** A broker with leases whose topics have partitions, as JetStream's may. Dead-letter topics have none. */
import type { Random } from '../time/random.js';
import type { VirtualTime } from '../time/virtual-time.js';
import { PartedMember } from './parted-member.js';
import { PartedTopic } from './parted-topic.js';
import type { BrokerEvents, StoredRecord } from './records.js';
import { leaseServer, newRecord, type SimServer } from './servers.js';

/** @param partitions of every topic at first; accidents change the number */
export function partedServer(
  time: VirtualTime,
  events: BrokerEvents,
  random: Random,
  partitions: number,
): SimServer {
  const plain = leaseServer(time, events, true);
  const topics = new Map<string, PartedTopic>();
  /** Undefined for dead letters. */
  const find = (name: string) => {
    if (name.endsWith('.dlq')) return undefined;
    let topic = topics.get(name);
    if (topic === undefined) {
      topic = new PartedTopic({ name, partitions, time, events, random });
      topics.set(name, topic);
    }
    return topic;
  };
  return {
    ...plain,
    store: (record) => {
      const topic = find(record.topic);
      if (topic === undefined) return plain.store(record);
      const { offset, partition } = topic.store(newRecord(record));
      return { offset, partition };
    },
    subscribe: (spec, parts, sink) => {
      const topic = find(spec.topic);
      if (topic === undefined) return plain.subscribe(spec, parts, sink);
      const member = new PartedMember(parts, topic, spec.group, sink);
      member.join();
      return member;
    },
    read: (name, group, partition) => {
      const topic = find(name);
      if (topic === undefined) return plain.read(name, group);
      const layouts =
        group === undefined
          ? topic.layouts
          : topic.layouts.slice(topic.layouts.indexOf(topic.current(group)));
      // Of one partition: as the group reads it now.
      const looked = partition === undefined ? layouts : layouts.slice(0, 1);
      return looked.flatMap((layout) =>
        layout.streams.flatMap(({ records }, index): StoredRecord[] => {
          if (partition !== undefined && partition !== index) return [];
          if (group === undefined) return records;
          const { floor } = layout.consumer(group, index);
          return records.filter(({ offset }) => offset > floor);
        }),
      );
    },
    lag: (name, group) => find(name)?.lag(group) ?? plain.lag(name, group),
    unsettled: (name, group) => {
      const topic = find(name);
      if (topic === undefined) return plain.unsettled(name, group);
      return topic.layouts.flatMap((layout) =>
        layout.streams.flatMap(({ records }, index) =>
          records.filter(({ offset }) => layout.consumer(group, index).isUnsettled(offset)),
        ),
      );
    },
    givesTo: (process, name, group, partition) =>
      find(name)?.current(group).group(group).processOf(partition) === process,
    disturb: (what, name, group, n) => {
      const topic = find(name);
      if (what === 'rebalance') topic?.current(group).group(group).disturb();
      if (what === 'delete consumer') topic?.current(group).deleteConsumers(group);
      if (what === 'repartition') {
        events.count('partitions: others');
        topic?.repartition(1 + (n % 5));
      }
    },
  };
}
