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
  /** By this one partitions are told apart. */
  readonly layout: Layout;
  readonly filters: readonly string[];
  /** When the stream was made. */
  readonly incarnation: string;
  /** That partition alone. */
  readonly partition: number | undefined;
}

/**
 * All records of a topic, of former layouts as well, or the present ones of a partition. Pure.
 *
 * @param begun the layout that a group reads: its records and those of later layouts, or those of its partition
 */
export function readingOf(
  { topic, partition }: Pick<BrowseSpec, 'topic' | 'partition'>,
  { config, created: incarnation }: Pick<StreamInfo, 'config' | 'created'>,
  begun?: Layout,
): Reading {
  const layouts = layoutsOf(topic, config);
  const layout = begun ?? (layouts.at(-1) as Layout);
  if (partition !== undefined)
    return { layout, filters: partitionSubjects(layout, partition), incarnation, partition };
  const filters = layouts.slice(begun?.generation ?? 0).map(everySubject);
  return { layout, filters, incarnation, partition };
}

/**
 * The partition of a stored record. Records of former layouts, and of topics without partitions: 0. Of later layouts: a number without
 * meaning, and a sequence behind all of this one's. Pure.
 */
export function partitionIn(layout: Layout, delivery: JetStreamDelivery): number {
  const { topic, partitions } = layout;
  if (partitions === 1) return 0;
  if (delivery.subject === rawSubject(layout)) return partitionOf(rawKey(delivery), partitions);
  const [token] = delivery.subject.slice(topic.length + 1).split('.');
  return Number(token) || 0;
}

/** The consumers of a group. */
export interface GroupNames {
  readonly stream: string;
  /** Of the group's consumer on a topic without partitions. */
  readonly base: string;
  /** Further consumers that may deliver the topic for the group. */
  readonly others: readonly string[];
}

/**
 * The layout that a group reads, the newest one that it has begun; undefined where it has no position. Asks nothing where the topic
 * has had one layout only.
 */
export async function layoutOfGroup(
  consumers: Pick<Consumers, 'find'>,
  topic: string,
  { config }: Pick<StreamInfo, 'config'>,
  { stream, base: name }: GroupNames,
): Promise<Layout | undefined> {
  const layouts = layoutsOf(topic, config);
  if (layouts.length === 1) return layouts[0];
  for (const ordering of ['cluster', 'instance'] as const) {
    for (const layout of layouts.toReversed()) {
      const [{ consumer }] = lanesOf(layout, { stream, name, durable: true, from: 'earliest', ordering });
      if ((await consumers.find(consumer)) !== undefined) return layout;
    }
  }
  return undefined;
}

/** The last settled sequence of each partition of a group; 0 where it has none. */
export async function positionsOf(
  consumers: Pick<Consumers, 'find'>,
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
