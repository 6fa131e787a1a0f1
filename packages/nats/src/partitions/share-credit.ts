/** Splits a subscription's credit among its partitions, so that a full one does not take the room of the others. Pure. */

/** Of one partition: messages pushed and unsettled, and messages asked for that did not come yet. */
export interface Standing {
  readonly held: number;
  readonly outstanding: number;
  /** Messages that have to come although the share is full. */
  readonly missing: number;
}

/**
 * The credit of each partition, messages on their way included. A partition that has more outstanding than its part gets its part: it
 * asks for no more, and the others get theirs as that ends. Together with those no more than `credit`, except that
 * each partition may ask for one message where there is any credit: otherwise those that have messages would wait for
 * those that have none.
 *
 * @param window the most messages that the subscription may hold
 * @param count of partitions, those included that do not ask yet: their parts stay free
 */
export function shareCredit(
  credit: number,
  window: number,
  standings: readonly Standing[],
  count = standings.length,
): number[] {
  if (credit <= 0) return standings.map(() => 0);
  const part = Math.max(1, Math.floor(window / Math.max(count, standings.length)));
  const wanted = standings.map(({ held, missing }) => Math.max(missing, part - held));
  const parts = divide(credit, wanted);
  let left = credit - standings.reduce((sum, { outstanding }) => sum + outstanding, 0);
  return standings.map(({ outstanding }, index) => {
    const least = (wanted[index] ?? 0) > 0 ? 1 : 0;
    const own = Math.max(least, parts[index] ?? 0);
    if (outstanding >= own) return own;
    const more = Math.max(0, least - outstanding, Math.min(own - outstanding, left));
    left -= more;
    return outstanding + more;
  });
}

/** Evenly; who wants less leaves the rest to the others. */
function divide(amount: number, wanted: readonly number[]): number[] {
  const parts = wanted.map(() => 0);
  const order = [...wanted.keys()].sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  let left = amount;
  for (const [turn, index] of order.entries()) {
    const own = Math.max(0, Math.min(wanted[index] ?? 0, Math.floor(left / (order.length - turn))));
    parts[index] = own;
    left -= own;
  }
  return parts;
}
