/** Shares the partitions of a topic among the members of a group. Pure: members that know the same decide the same. */

/** A member, and the partitions that it says are its own. */
export interface Claim {
  readonly id: string;
  readonly partitions: readonly number[];
}

/**
 * Even: no member has two more than another. Sticky: only partitions beyond a member's part move, and those without a member. Where two
 * claim one partition, the member with the smaller id keeps it.
 *
 * @returns the partitions of each member, ascending, by its id
 */
export function assign(partitions: number, members: readonly Claim[]): Map<string, number[]> {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const owned = new Map<string, number[]>(sorted.map(({ id }) => [id, []]));
  const taken = new Set<number>();
  for (const { id, partitions: claimed } of sorted) {
    for (const partition of [...claimed].sort(ascending)) {
      if (partition >= partitions || taken.has(partition)) continue;
      taken.add(partition);
      owned.get(id)?.push(partition);
    }
  }
  if (sorted.length === 0) return owned;
  const quotas = quotasOf(partitions, sorted, owned);
  const free: number[] = [];
  for (const [id, own] of owned) free.push(...own.splice(quotas.get(id) ?? 0));
  for (let partition = 0; partition < partitions; partition++)
    if (!taken.has(partition)) free.push(partition);
  free.sort(ascending);
  for (const [id, own] of owned) {
    own.push(...free.splice(0, (quotas.get(id) ?? 0) - own.length));
    own.sort(ascending);
  }
  return owned;
}

/** What does not divide goes to those that have the most: they need not give it away. */
function quotasOf(
  partitions: number,
  sorted: readonly Claim[],
  owned: ReadonlyMap<string, readonly number[]>,
): Map<string, number> {
  const least = Math.floor(partitions / sorted.length);
  const count = (id: string) => owned.get(id)?.length ?? 0;
  const byCount = [...sorted].sort((a, b) => count(b.id) - count(a.id));
  const more = partitions % sorted.length;
  return new Map(byCount.map(({ id }, index) => [id, index < more ? least + 1 : least]));
}

function ascending(a: number, b: number): number {
  return a - b;
}
