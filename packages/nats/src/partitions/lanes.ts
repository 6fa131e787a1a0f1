/** The consumers of a group on a layout: one for each partition, or one for all of them where no order holds across members. */
import type { SubscriptionSpec } from '@ebus/core/driver';
import type { ConsumerInfo } from '@nats-io/jetstream';
import type { ConsumerSpec } from '../consumer-plan.js';
import type { Consumers } from '../consumers.js';
import { everySubject, type Layout, partitionSubjects } from './layout.js';

/** One consumer of a group, and the partition that it reads. */
export interface Lane {
  readonly partition: number;
  readonly consumer: ConsumerSpec;
}

/** Settings that the consumers of a group share. */
export interface LaneSettings {
  readonly stream: string;
  /** Of the group's consumer on a topic without partitions; the others' begin with it. */
  readonly name: string;
  readonly durable: boolean;
  readonly ordering: SubscriptionSpec['ordering'];
  readonly from: ConsumerSpec['from'];
  readonly ackPolicy?: ConsumerSpec['ackPolicy'];
}

/** Pure. The first lane stands for all of them: it is made last and deleted first. */
export function lanesOf(layout: Layout, { ordering, name, ...settings }: LaneSettings): [Lane, ...Lane[]] {
  const space = layout.space === undefined || layout.space === 0 ? '' : `-${layout.space}`;
  const lane = (partition: number, what: string, filters: readonly string[]): Lane => ({
    partition,
    consumer: { ...settings, name: `${name}${what}`, filters, singleActive: ordering === 'cluster' },
  });
  if (layout.space === undefined) return [lane(0, '', [layout.topic])];
  if (ordering !== 'cluster') return [lane(0, `-all${space}`, [everySubject(layout)])];
  return Array.from({ length: layout.partitions }, (_, partition) =>
    lane(partition, `-p${partition}${space}`, partitionSubjects(layout, partition)),
  ) as [Lane, ...Lane[]];
}

/** The group has settled everything that was stored for it up to `last`, and nothing is on its way. Pure. */
export function isDrained(
  { num_pending: unread, num_ack_pending: unsettled, delivered }: ConsumerInfo,
  last: number,
): boolean {
  return unread === 0 && unsettled === 0 && delivered.stream_seq >= last;
}

/** Makes them where they are missing, the first one last. @returns whether any was missing, and the first one */
export async function makeLanes(
  consumers: Pick<Consumers, 'ensure'>,
  [first, ...others]: readonly [Lane, ...Lane[]],
): Promise<{ readonly isMade: boolean; readonly info: ConsumerInfo }> {
  let isMade = false;
  const onMade = () => {
    isMade = true;
  };
  await Promise.all(others.map(({ consumer }) => consumers.ensure(consumer, onMade)));
  const info = await consumers.ensure(first.consumer, onMade);
  return { isMade, info };
}

/** The first one first. */
export async function deleteLanes(
  consumers: Pick<Consumers, 'delete'>,
  lanes: readonly Lane[],
): Promise<void> {
  for (const { consumer } of lanes) await consumers.delete(consumer);
}

/**
 * The consumer of one lane, made where it is missing; undefined once the group has gone on with another layout: made again then, it
 * would deliver all of the former one anew. A member that goes on makes the next consumers before it deletes the former ones.
 */
export async function laneOf(
  consumers: Pick<Consumers, 'find' | 'adopt' | 'ensure' | 'delete'>,
  spec: ConsumerSpec,
  isSuperseded: () => Promise<boolean>,
): Promise<ConsumerInfo | undefined> {
  const found = await consumers.find(spec);
  if (found !== undefined) return consumers.adopt(spec, found);
  if (await isSuperseded()) return undefined;
  const made = await consumers.ensure(spec);
  if (!(await isSuperseded())) return made;
  await consumers.delete(spec);
  return undefined;
}
