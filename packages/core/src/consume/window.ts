/** The unsettled messages that one subscription may hold. */
import type { Room } from './credit.js';
import type { InFlight } from './in-flight.js';
import type { ConsumePolicy } from './policy.js';

/** The most bytes of one subscription in flight: 64 MiB. */
export const WINDOW_BYTES = 64 * 1024 * 1024;
const ORDERED_WINDOW = 10_000;
/**
 * So many messages a handler at least. A broker may give the messages of some partitions before those of others: with fewer, the keys
 * of those others would wait although handlers are free.
 */
const PER_HANDLER = 32;
const LARGEST_WINDOW = 32_000;
const MIN_UNORDERED_WINDOW = 256;

/** The most messages in flight. */
export function windowOf({ ordering, concurrency, queuePerKey }: ConsumePolicy): number {
  if (ordering === 'none') return Math.max(MIN_UNORDERED_WINDOW, 2 * concurrency);
  const most = Math.min(LARGEST_WINDOW, Math.max(ORDERED_WINDOW, concurrency * PER_HANDLER));
  return Math.min(most, concurrency * queuePerKey);
}

/** Older messages that newer ones wait for. */
export interface Missing {
  /** How many have to come still; undefined where nothing may come before that is known. */
  readonly missing: number | undefined;
  /** The same for each partition that misses some, where there are partitions. */
  readonly missingOf?: ReadonlyMap<number, number> | undefined;
  /** How many have come, or were here before that was known, and wait for the others. */
  readonly returned: number;
}
export const NONE_MISSING: Missing = { missing: 0, returned: 0 };

/** The room left in it. `longest`: waiting messages of the longest key; all new ones may be of that key. */
export function roomOf(
  { queuePerKey }: ConsumePolicy,
  window: number,
  { count, bytes }: Pick<InFlight, 'count' | 'bytes'>,
  longest: number,
): Room {
  return { messages: Math.min(window - count, queuePerKey - longest), bytes: WINDOW_BYTES - bytes };
}

/**
 * How many messages may come although the window is full: as many as are missing, newer ones among them. Those that have returned do
 * not take the room of the others, nor do newer ones that were here before: one more may always come then. Below 1: newer messages have taken the room.
 */
export function roomForMissing(window: number, count: number, { missing = 0, returned }: Missing): number {
  return Math.min(missing, Math.max(window + missing, returned + 1) - count);
}

/** That room; where older messages are missing, at least as much as these need. */
export function roomWith(room: Room, window: number, count: number, missing: Missing): Room {
  const beyond = roomForMissing(window, count, missing);
  if (beyond <= 0) return room;
  const messages = Math.max(room.messages, beyond);
  const { missing: all = 0, missingOf } = missing;
  const more = { missing: all, ...(missingOf === undefined ? {} : { missingOf }) };
  return { messages, bytes: Math.max(room.bytes, 1), ...more };
}
