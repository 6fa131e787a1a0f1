/** Telling a log that has been read to its end from one that is behind. */
import type { HighOffsets } from '../driver/high-offsets.js';
import { compareOffsets } from '../driver/offsets.js';
import type { PartitionLag } from '../driver/subscription.js';

/** This member's knowledge of the partitions of a topic. */
export interface ReadSoFar {
  /** Those that are this member's; undefined where the transport does not share topics by partition. */
  readonly partitions: ReadonlySet<number> | undefined;
  /** Partitions with a message here that is not settled. */
  readonly held: { has(partition: number): boolean };
  /** The highest offset that was received of each partition; undefined where it is not recorded. */
  readonly reached: Pick<HighOffsets, 'get'> | undefined;
}

/**
 * Whether nothing is left to handle although the broker counts a lag: markers of transactions, or a tail that compaction has
 * removed. Only for a partition of this member that was read to its end, with nothing unsettled here and a group
 * position that covers all received messages. Settling that does not arrive at the broker is no end of the log.
 */
export function isAtEnd(lag: PartitionLag, { partitions, held, reached }: ReadSoFar): boolean {
  const { partition, unread, settled } = lag;
  if (unread !== 0 || partitions?.has(partition) !== true || held.has(partition)) return false;
  const highest = reached?.get(partition);
  return highest === undefined || (settled !== undefined && compareOffsets(settled, highest) >= 0);
}

/** At the end of the log the lag is 0, even if the broker counts more. */
export function withoutEnds(lags: readonly PartitionLag[], soFar: ReadSoFar): readonly PartitionLag[] {
  return lags.map((lag) => (lag.lag > 0 && isAtEnd(lag, soFar) ? { ...lag, lag: 0 } : lag));
}
