/** Which stored records belong to a topic or a partition, and up to where a group has settled them. */
import type { BrowseSpec } from '@ebus/core/driver';
import type { StreamInfo } from '@nats-io/jetstream';
import { filtersOf } from '../consumer-plan.js';
import type { Consumers } from '../consumers.js';
import type { JetStreamDelivery } from '../js/delivery.js';
import { lanesOf } from './lanes.js';
import { everySubject, type Layout, layoutsOf, partitionSubjects, rawSubject } from './layout.js';
import { partitionOf } from './partition-of.js';
import { rawKey } from './raw-key.js';

/** A look at the stored records of a topic. */
export interface Reading {
  /** The present one. */
  readonly layout: Layout;
  readonly filters: readonly string[];
  /** When the stream was made. */
  readonly incarnation: string;
  /** That partition alone. */
  readonly partition: number | undefined;
}

/** All records of a topic, of former layouts as well, or the present ones of a partition. Pure. */
export function readingOf(
  { topic, partition }: Pick<BrowseSpec, 'topic' | 'partition'>,
  { config, created }: StreamInfo,
): Reading {
  const layouts = layoutsOf(topic, config);
  const layout = layouts.at(-1) as Layout;
  const filters = partition === undefined ? layouts.map(everySubject) : partitionSubjects(layout, partition);
  return { layout, filters, incarnation: created, partition };
}

/** The partition of a stored record. Records of former layouts, and of topics without partitions: 0. Pure. */
export function partitionIn(layout: Layout, delivery: JetStreamDelivery): number {
  const { topic, partitions } = layout;
  if (partitions === 1) return 0;
  if (delivery.subject === rawSubject(layout)) return partitionOf(rawKey(delivery), partitions);
  const [token] = delivery.subject.slice(topic.length + 1).split('.');
  return Number(token) || 0;
}

interface GroupNames {
  readonly stream: string;
  /** Of the group's consumer on a topic without partitions. */
  readonly base: string;
  /** Further consumers that may deliver the topic for the group. */
  readonly others: readonly string[];
}

/** The last settled sequence of each partition of a group; 0 where it has none. */
export async function positionsOf(
  consumers: Consumers,
  { layout, partition }: Reading,
  { stream, base, others }: GroupNames,
): Promise<ReadonlyMap<number, number>> {
  const settings = { stream, name: base, durable: true, from: 'earliest' } as const;
  const lanes = lanesOf(layout, { ...settings, ordering: 'cluster' });
  const all = lanesOf(layout, { ...settings, ordering: 'instance' }).map(({ consumer }) => consumer.name);
  const settled = new Map<number, number>();
  await Promise.all(
    lanes.map(async (lane) => {
      if (partition !== undefined && lane.partition !== partition) return;
      for (const name of [...others, lane.consumer.name, ...all]) {
        const found = await consumers.find({ stream, name });
        if (found === undefined || !delivers(filtersOf(found.config), lane.consumer.filters, layout))
          continue;
        settled.set(lane.partition, found.ack_floor.stream_seq);
        return;
      }
    }),
  );
  return settled;
}

function delivers(filters: readonly string[], wanted: readonly string[], layout: Layout): boolean {
  return filters.includes(everySubject(layout)) || wanted.every((one) => filters.includes(one));
}
