/** Which published messages a member does not know to be handled: others may have them. */
import type { HighOffsets } from '../driver/high-offsets.js';
import type { OffsetValue } from '../driver/message.js';
import { compareOffsets } from '../driver/offsets.js';
import type { Works } from './works.js';

/** The highest offset published to a partition whose handling is not known here. */
export interface UnknownPosition {
  readonly partition: number;
  readonly offset: OffsetValue;
  /** The partition is this member's, or no other can be asked. */
  readonly isOwn: boolean;
}

/** Partitions of published messages that this member cannot know to be handled by itself. */
export function unknownOf(
  { driver, revocation, reached }: Pick<Works, 'driver' | 'revocation' | 'reached'>,
  published: HighOffsets,
): UnknownPosition[] {
  const askable = driver?.lag !== undefined;
  const unknown: UnknownPosition[] = [];
  for (const [partition, offset] of published.entries()) {
    const isOwn = revocation.partitions?.has(partition) === true || !askable;
    const own = isOwn ? reached?.get(partition) : undefined;
    if (own === undefined || compareOffsets(own, offset) < 0) unknown.push({ partition, offset, isOwn });
  }
  return unknown;
}
