/** Derives the unsettled deliveries elsewhere from a broker's count of all of them. Pure. */
import { compareOffsets } from '../driver/offsets.js';
import type { UnsettledCount } from '../driver/subscription.js';
import type { Delivery } from './delivery.js';

/** Counts of deliveries, as the broker and this member see them. */
export interface Elsewhere {
  /** Unsettled and not here. Below 1: none. */
  readonly missing: number;
  /** Here and counted, and another's before: that one may settle them late, and they were counted no longer. */
  readonly doubtful: number;
  /**
   * Here, and the broker does not know that it gave them: it was killed before it had written that down, or another node leads
   * now. It gives them again, after other deliveries that it has forgotten.
   */
  readonly forgotten: number;
}

/** @param before the deliveries that were here when the broker was asked
 * @param now those that are here at its answer
 */
export function elsewhere(
  { count, through, incarnation }: UnsettledCount,
  before: readonly Delivery[],
  now: readonly Delivery[] = before,
): Elsewhere {
  let [counted, doubtful, forgotten] = [0, 0, 0];
  for (const { share, incoming } of before) {
    // It has left meanwhile: it may have been settled before the broker counted, and then is not in the count.
    if (share === undefined) continue;
    const { position } = incoming;
    const isPlaced = position !== undefined && through !== undefined;
    if (isPlaced && incarnation !== undefined && position.incarnation !== incarnation) continue;
    if (isPlaced && compareOffsets(position.offset, through) > 0) {
      forgotten++;
      continue;
    }
    counted++;
    if (incoming.redelivered === true) doubtful++;
  }
  // What has come since the question, and was given before the answer, is in its count: on a busy broker that is always some.
  const known = new Set(now === before ? [] : before);
  for (const delivery of now === before ? [] : now) {
    const { position, redelivered } = delivery.incoming;
    if (known.has(delivery) || position === undefined || through === undefined) continue;
    if (incarnation !== undefined && position.incarnation !== incarnation) continue;
    if (compareOffsets(position.offset, through) > 0) continue;
    counted++;
    if (redelivered === true) doubtful++;
  }
  return { missing: count - counted, doubtful, forgotten };
}
