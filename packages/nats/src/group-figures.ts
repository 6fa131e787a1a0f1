/** The groups of a topic, from the consumers of its stream. Pure. */
import type { ConsumerDescription, GroupFigures, GroupLag } from '@ebus/core/driver';
import { AckPolicy, type ConsumerInfo, type StreamInfo } from '@nats-io/jetstream';
import { filtersOf, isSingleActive } from './consumer-plan.js';
import { groupOf, isNamedFor, type NamedGroup, type Naming } from './group-name.js';
import { covers } from './names.js';
import { everySubject, type Layout, layoutsOf, partitionSubjects } from './partitions/layout.js';

/** A consumer of several topics counts them together: its group's lag is that of all of them. */
export function groupFigures(
  consumers: readonly ConsumerInfo[],
  { config }: Pick<StreamInfo, 'config'>,
  naming: Naming,
): GroupFigures[] {
  const subjects = layoutsOf(naming.topic, config).flatMap(subjectsOf);
  const groups = new Map<string, [NamedGroup, ConsumerInfo][]>();
  for (const consumer of consumers) {
    const filters = filtersOf(consumer.config);
    const isReader = filters.length === 0 || filters.some((filter) => readsAny(filter, subjects));
    if (!isReader && !isNamedFor(consumer.name, naming)) continue;
    const named = groupOf(consumer.name, naming);
    groups.set(named.group, [...(groups.get(named.group) ?? []), [named, consumer]]);
  }
  const deliversTopicOnly = (consumer: ConsumerInfo): boolean | undefined =>
    isNamedFor(consumer.name, naming) ? isOnly(filtersOf(consumer.config), subjects) : undefined;
  return [...groups].map(([group, members]) => summed(group, members, deliversTopicOnly));
}

function subjectsOf(layout: Layout): string[] {
  const each = Array.from({ length: layout.partitions }, (_, partition) =>
    partitionSubjects(layout, partition),
  );
  return [everySubject(layout), ...each.flat()];
}

const readsAny = (filter: string, subjects: readonly string[]) =>
  subjects.some((subject) => filter === subject || covers(filter, subject));

const isOnly = (filters: readonly string[], subjects: readonly string[]) =>
  filters.length > 0 && filters.every((filter) => subjects.includes(filter));

function summed(
  group: string,
  consumers: readonly [NamedGroup, ConsumerInfo][],
  deliversTopicOnly: (consumer: ConsumerInfo) => boolean | undefined,
): GroupFigures {
  const partitions = new Map<number, GroupLag>();
  let unsettled = 0;
  for (const [{ partition = 0 }, info] of consumers) {
    unsettled += info.num_ack_pending;
    const lag = info.num_pending + info.num_ack_pending + (partitions.get(partition)?.lag ?? 0);
    // Of a partition's former layouts the present one is the furthest.
    const so = Number(partitions.get(partition)?.position ?? 0);
    partitions.set(partition, { partition, lag, position: Math.max(so, info.ack_floor.stream_seq + 1) });
  }
  const isOurs = consumers.every(
    ([named, { config }]) =>
      named.isOurs && config.deliver_subject === undefined && config.ack_policy !== AckPolicy.None,
  );
  const members = membersOf(consumers.map(([, info]) => info));
  return {
    group,
    madeBy: isOurs ? 'ebus' : 'others',
    ...(members === undefined ? {} : { members }),
    lag: [...partitions.values()].reduce((total, { lag }) => total + lag, 0),
    unsettled,
    partitions: [...partitions.values()].sort((a, b) => a.partition - b.partition),
    consumers: consumers.map(([{ isOurs }, info]) => {
      const only = deliversTopicOnly(info);
      return { ...described(info, isOurs), ...(only === undefined ? {} : { deliversTopicOnly: only }) };
    }),
  };
}

const NANOS = 1_000_000;

function described({ name, config }: ConsumerInfo, isOurs: boolean): ConsumerDescription {
  const { ack_wait: ackWait, max_ack_pending: most, max_deliver: deliveries = -1 } = config;
  const { inactive_threshold: inactive = 0, pause_until: paused, backoff = [] } = config;
  const lease = backoff[0] ?? ackWait;
  return {
    name,
    madeBy: isOurs ? 'ebus' : 'others',
    topics: filtersOf(config),
    acknowledges: config.ack_policy === AckPolicy.NotSet ? 'none' : (config.ack_policy as 'explicit'),
    ...(lease === undefined ? {} : { leaseMs: lease / NANOS }),
    backoffMs: backoff.map((wait) => wait / NANOS),
    maxDeliveries: Math.max(0, deliveries),
    ...(most === undefined ? {} : { maxUnsettled: Math.max(0, most) }),
    maxRequest: {
      messages: config.max_batch ?? 0,
      bytes: config.max_bytes ?? 0,
      expiresMs: (config.max_expires ?? 0) / NANOS,
    },
    headersOnly: config.headers_only === true,
    inactiveMs: config.durable_name === undefined ? 0 : inactive / NANOS,
    singleActive: isSingleActive(config),
    pushes: (config.deliver_subject ?? '') !== '',
    storage: config.mem_storage === true ? 'memory' : 'file',
    ...(paused === undefined ? {} : { pausedUntil: new Date(paused) }),
  };
}

/** The server counts requests that wait, not clients: a client that is busy has none. */
function membersOf(consumers: readonly ConsumerInfo[]): number | undefined {
  if (consumers.some((info) => info.num_waiting > 0 || info.push_bound)) return 1;
  return consumers.some(({ num_ack_pending: held }) => held > 0) ? undefined : 0;
}
