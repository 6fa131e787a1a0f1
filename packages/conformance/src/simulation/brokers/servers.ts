/** The brokers as a world uses them. */
import type { Capabilities, OutgoingRecord, SubscriptionSink, SubscriptionSpec } from '@ebus/core/driver';
import type { Disturbance } from '../plan/plan.js';
import type { Random } from '../time/random.js';
import type { VirtualTime } from '../time/virtual-time.js';
import { LeaseBroker } from './lease-broker.js';
import { LeaseMember } from './lease-member.js';
import { LogBroker } from './log-broker.js';
import { LogMember } from './log-member.js';
import type { Member, MemberParts } from './member.js';
import type { BrokerEvents, NewRecord, StoredRecord } from './records.js';
import { wayOf, waysOf } from './ways.js';

/** One kind of broker, lease or log, behind a common interface. Calls take no virtual time. */
export interface SimServer {
  readonly capabilities: Capabilities;
  store(record: OutgoingRecord): { partition?: number; offset: number };
  /** At the broker: joins. */
  subscribe(spec: SubscriptionSpec, parts: MemberParts, sink: SubscriptionSink): Member;
  /** What a topic holds, or one of its partitions, from a group's position or the beginning. */
  read(topic: string, group: string | undefined, partition?: number): StoredRecord[];
  /** What the group has not settled, over both ways. */
  lag(topic: string, group: string): number;
  /** The same, of the persistent way, message by message. */
  unsettled(topic: string, group: string): StoredRecord[];
  /** Whether messages of that partition are given to a member of that process. */
  givesTo(process: string, topic: string, group: string, partition: number): boolean;
  /** Forgets what the group has not settled on ways of the topic on which no member of it is at work, where that may be so. */
  forsake(topic: string, group: string, mayForget: (record: StoredRecord) => boolean): void;
  /** What operators and accidents do to it. */
  disturb(what: Disturbance, topic: string, group: string, n: number): void;
}

const CAPABILITIES: Capabilities = {
  ...{ settle: 'individual', ordering: 'instance', retriesInClient: false, redelivery: true, replay: true },
  ...{ dedupe: false, acknowledged: true, lag: true, browse: true, tombstones: true },
};

/** @param isSingleActive whether the broker gives to one member at a time, and so keeps order across members */
export function leaseServer(time: VirtualTime, events: BrokerEvents, isSingleActive: boolean): SimServer {
  const broker = new LeaseBroker(time, events);
  const directory = (topic: string, group: string) => ({
    find: () => broker.findConsumer(topic, group),
    make: (floor: number) => broker.makeConsumer(topic, group, floor, isSingleActive),
  });
  return {
    capabilities: {
      ...CAPABILITIES,
      ordering: isSingleActive ? 'cluster' : 'instance',
      parking: isSingleActive,
    },
    store: (record) => {
      const { offset } = broker.store(wayOf(record.topic, record.persistence), newRecord(record));
      return { offset };
    },
    subscribe: ({ topic, group, persistence }, parts, sink) => {
      const way = wayOf(topic, persistence);
      const place = { group, stream: broker.stream(way), consumers: directory(way, group) };
      return new LeaseMember(parts, place, sink);
    },
    read: (topic, group) => {
      const from = group === undefined ? 0 : (broker.findConsumer(topic, group)?.floor ?? 0);
      return broker.stream(topic).records.slice(from);
    },
    lag: (topic, group) =>
      sum(waysOf(topic), (way) => broker.findConsumer(way, group)?.lag ?? broker.stream(way).records.length),
    unsettled: (topic, group) => {
      const consumer = broker.findConsumer(topic, group);
      return broker.stream(topic).records.filter(({ offset }) => consumer?.isUnsettled(offset) !== false);
    },
    givesTo: (process, topic, group) => broker.findConsumer(topic, group)?.activeProcess === process,
    forsake: (topic, group, mayForget) => {
      for (const way of waysOf(topic)) {
        if (broker.stream(way).records.length === 0) continue;
        const consumer = broker.findConsumer(way, group) ?? directory(way, group).make(0);
        consumer.forsake(mayForget);
      }
    },
    disturb: (what, topic, group) => {
      if (what === 'delete consumer') broker.deleteConsumer(topic, group);
    },
  };
}

/** A log broker. Dead-letter topics have one partition, the others `partitions`. */
export function logServer(
  time: VirtualTime,
  events: BrokerEvents,
  random: Random,
  partitions: number,
): SimServer {
  const broker = new LogBroker(time, events, random, (topic) => (topic.endsWith('.dlq') ? 1 : partitions));
  const read = (topic: string, group: string | undefined) =>
    broker.topic(topic).partitions.flatMap(({ index, records }) => {
      const from = group === undefined ? 0 : broker.group(topic, group).positionOf(index).offset;
      return records.slice(from).filter((record) => record !== undefined);
    });
  return {
    capabilities: { ...CAPABILITIES, settle: 'prefix', ordering: 'cluster', parking: true },
    store: (record) => {
      const { offset, partition } = broker.store(record.topic, newRecord(record));
      return { offset, partition };
    },
    subscribe: ({ topic, group }, parts, sink) => {
      const member = new LogMember(parts, broker.group(topic, group), group, sink);
      member.join();
      return member;
    },
    read,
    lag: (topic, group) => broker.group(topic, group).lag,
    unsettled: read,
    givesTo: (process, topic, group, partition) =>
      broker.group(topic, group).processOf(partition) === process,
    forsake: () => {},
    disturb: (what, topic, group, n) => {
      if (what === 'rebalance') broker.group(topic, group).rebalance();
      if (what === 'mark') broker.mark(topic, n);
      if (what === 'truncate') broker.truncate(topic, n, 1 + (n % 3));
      if (what === 'recreate' || what === 'delete topic') broker.recreate(topic);
    },
  };
}

/** The record that a broker keeps. */
export function newRecord({ key, value, tombstone = false, headers, messageId }: OutgoingRecord): NewRecord {
  return { key, value, tombstone, headers, messageId };
}

const sum = <T>(items: readonly T[], of: (item: T) => number) =>
  items.reduce((total, item) => total + of(item), 0);
