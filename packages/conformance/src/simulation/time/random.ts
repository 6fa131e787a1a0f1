/** Chance that a seed decides: the same seed gives the same numbers. */

/** A source of pseudo-random numbers. Not for secrets. */
export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** A whole number from 0 to `below - 1`. */
  int(below: number): number;
  /** A number from `low` to `high`. */
  between(low: number, high: number): number;
  /** True with that probability. */
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
}

/** A generator of its own for a seed and any labels: what one consumer draws does not move what another draws. */
export function randomOf(...labels: readonly (string | number)[]): Random {
  let state = hash(labels);
  // mulberry32, in the public domain.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    int: (below) => Math.floor(next() * below),
    between: (low, high) => low + next() * (high - low),
    chance: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)] as (typeof items)[number],
  };
}

/** FNV-1a over the labels, mixed so that neighbouring seeds have nothing in common. */
function hash(labels: readonly (string | number)[]): number {
  let h = 0x811c9dc5;
  for (const label of labels) {
    if (typeof label === 'number') {
      h = Math.imul(h ^ (label | 0), 0x01000193);
      h ^= h >>> 15;
      h = Math.imul(h, 0x85ebca6b);
    } else {
      for (let i = 0; i < label.length; i++) h = Math.imul(h ^ label.charCodeAt(i), 0x01000193);
    }
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  }
  return h ^ (h >>> 16);
}
