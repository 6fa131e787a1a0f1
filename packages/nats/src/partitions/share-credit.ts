/** Splits a subscription's credit among its partitions, so that a full one does not take the room of the others. Pure. */

/** Of one partition: messages pushed and unsettled, and messages asked for that did not come yet. */
export interface Standing {
  readonly held: number;
  readonly outstanding: number;
  /** Messages that have to come although the share is full. */
  readonly missing: number;
}

/**
 * The credit of each partition, what is outstanding included: that cannot be taken back. Together no more than `credit`, unless more is
 * outstanding already.
 *
 * @param window the most messages that the subscription may hold
 */
export function shareCredit(credit: number, window: number, standings: readonly Standing[]): number[] {
  if (credit <= 0) return standings.map(() => 0);
  let left = credit - standings.reduce((sum, { outstanding }) => sum + outstanding, 0);
  const part = Math.max(1, Math.floor(window / standings.length));
  const shares = standings.map(({ outstanding }) => outstanding);
  const give = (index: number, wanted: number) => {
    const more = Math.max(0, Math.min(wanted, left));
    shares[index] = (shares[index] ?? 0) + more;
    left -= more;
  };
  for (const [index, { missing, outstanding }] of standings.entries()) give(index, missing - outstanding);
  // Those that want least come first, so that the others get what is left over.
  const wanted = standings.map(({ held }, index) => part - held - (shares[index] ?? 0));
  const order = [...standings.keys()].sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  for (const [turn, index] of order.entries()) {
    give(index, Math.min(wanted[index] ?? 0, Math.floor(left / (order.length - turn))));
  }
  return shares;
}
