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
import type { BrokerEvents, StoredRecord } from './records.js';

export interface SimServer {
  readonly capabilities: Capabilities;
  store(record: OutgoingRecord): { partition?: number; offset: number };
  /** At the broker: joins. */
  subscribe(spec: SubscriptionSpec, parts: MemberParts, sink: SubscriptionSink): Member;
  /** What a topic holds, from a group's position or the beginning. */
  read(topic: string, group: string | undefined): StoredRecord[];
  /** What the group has not settled. */
  lag(topic: string, group: string): number;
  /** What operators and accidents do to it. */
  disturb(what: Disturbance, topic: string, group: string, n: number): void;
}

const CAPABILITIES: Capabilities = {
  ...{ settle: 'individual', ordering: 'instance', retriesInClient: false, redelivery: true, replay: true },
  ...{ dedupe: false, acknowledged: true, lag: true, browse: true },
};

/** @param isSingleActive whether the broker gives to one member at a time, and so keeps order across members */
export function leaseServer(time: VirtualTime, events: BrokerEvents, isSingleActive: boolean): SimServer {
  const broker = new LeaseBroker(time, events);
  const directory = (topic: string, group: string) => ({
    find: () => broker.findConsumer(topic, group),
    make: (floor: number) => broker.makeConsumer(topic, group, floor, isSingleActive),
  });
  return {
    capabilities: { ...CAPABILITIES, ordering: isSingleActive ? 'cluster' : 'instance' },
    store: ({ topic, key, value, headers, messageId }) => {
      const { offset } = broker.store(topic, { key, value, headers, messageId });
      return { offset };
    },
    subscribe: ({ topic, group }, parts, sink) =>
      new LeaseMember(parts, topic, directory(topic, group), sink),
    read: (topic, group) => {
      const from = group === undefined ? 0 : (broker.findConsumer(topic, group)?.floor ?? 0);
      return broker.stream(topic).records.slice(from);
    },
    lag: (topic, group) => broker.findConsumer(topic, group)?.lag ?? broker.stream(topic).records.length,
    disturb: (what, topic, group) => {
      if (what === 'delete consumer') broker.deleteConsumer(topic, group);
    },
  };
}

export function logServer(
  time: VirtualTime,
  events: BrokerEvents,
  random: Random,
  partitions: number,
): SimServer {
  const broker = new LogBroker(time, events, random, (topic) => (topic.endsWith('.dlq') ? 1 : partitions));
  return {
    capabilities: { ...CAPABILITIES, settle: 'prefix', ordering: 'cluster' },
    store: ({ topic, key, value, headers, messageId }) => {
      const { offset, partition } = broker.store(topic, { key, value, headers, messageId });
      return { offset, partition };
    },
    subscribe: ({ topic, group }, parts, sink) => {
      const member = new LogMember(parts, broker.group(topic, group), sink);
      member.join();
      return member;
    },
    read: (topic, group) =>
      broker.topic(topic).partitions.flatMap(({ index, records }) => {
        const from = group === undefined ? 0 : broker.group(topic, group).positionOf(index).offset;
        return records.slice(from).filter((record) => record !== undefined);
      }),
    lag: (topic, group) => broker.group(topic, group).lag,
    disturb: (what, topic, group, n) => {
      if (what === 'rebalance') broker.group(topic, group).rebalance();
      if (what === 'mark') broker.mark(topic, n);
      if (what === 'truncate') broker.truncate(topic, n, 1 + (n % 3));
      if (what === 'recreate') broker.recreate(topic);
    },
  };
}
