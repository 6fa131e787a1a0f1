/** The order of places in a log. */
import type { OffsetValue, Position } from './message.js';

/**
 * Negative where `a` is before `b`, 0 where they are the same, else positive. Within one incarnation of a partition only.
 * Texts: runs of digits by value, other characters by code units, so that `171-9` is before `171-10`.
 */
export function compareOffsets(a: OffsetValue, b: OffsetValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== 'string' || typeof b !== 'string') return a < b ? -1 : a > b ? 1 : 0;
  return compareTexts(a, b);
}

/** True for one place in one log. A missing partition counts as 0. */
export function isSamePosition(a: Position, b: Position): boolean {
  return (
    a.offset === b.offset && (a.partition ?? 0) === (b.partition ?? 0) && a.incarnation === b.incarnation
  );
}

const PARTS = /\d+|\D+/g;

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [a.match(PARTS) ?? [], b.match(PARTS) ?? []];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareParts(left[i] as string, right[i] as string);
    if (order !== 0) return order;
  }
  return left.length - right.length || (a < b ? -1 : 1);
}

function compareParts(a: string, b: string): number {
  const bothNumbers = a < ':' && a >= '0' && b < ':' && b >= '0';
  if (!bothNumbers) return a < b ? -1 : a > b ? 1 : 0;
  const [left, right] = [BigInt(a), BigInt(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
