/** A partition for as long as a member has it, and what there is to read of it. */
import { type IncomingMessage, PrefixTracker } from '@ebus/core/driver';
import { type Assignment, type LogPosition, type Partition, translated } from './log-types.js';
import type { Held } from './member.js';
import { incoming, type StoredRecord } from './records.js';

/** The state of one assigned partition at its member. */
export interface Share {
  readonly index: number;
  /** Of its assignment: the group takes nothing of an earlier one. */
  readonly epoch: number;
  incarnation: number;
  next: number;
  tracker: PrefixTracker;
  committed: number;
  /** What core was given of it and has not settled. */
  unsettled: { messages: number; bytes: number };
  /** Core was asked to begin nothing more of it. */
  isTaken: boolean;
  /** Nothing of it is settled or committed any more. */
  isGone: boolean;
  isPaused: boolean;
}

/** A share that a member is given. */
export interface Assigned extends Assignment {
  /** Where that is not where reading begins. */
  readonly committed?: number;
}

/** What core settles a message by. */
export interface Token {
  readonly share: Share;
  readonly bytes: number;
  readonly handle: number;
  isSettled: boolean;
}

/** A share as it begins. */
export function shareOf({ partition, epoch, from, committed = from.offset }: Assigned): Share {
  return {
    ...{ index: partition, epoch, incarnation: from.incarnation, next: from.offset, committed },
    ...{ tracker: new PrefixTracker(from.offset), unsettled: { messages: 0, bytes: 0 } },
    ...{ isTaken: false, isGone: false, isPaused: false },
  };
}

/** The message that core is given; `value` is of this delivery alone, and its size is said to be `bytes`. */
export function messageOf(
  share: Share,
  record: StoredRecord,
  value: Uint8Array,
  bytes: number,
): IncomingMessage {
  const token: Token = { share, bytes, handle: share.tracker.track(record.offset), isSettled: false };
  share.unsettled.messages++;
  share.unsettled.bytes += bytes;
  const position = { partition: share.index, offset: record.offset, incarnation: share.incarnation };
  return { ...incoming(record, value), size: bytes, token, position };
}

/** The answer of one read for one partition. */
export interface Found {
  share: Share;
  records: StoredRecord[];
  next: number;
  /** The log does not have that position (any more). */
  reset?: LogPosition;
}

/** What is there from those positions on; undefined while there is nothing. */
export function read(
  partitions: readonly Partition[],
  positions: readonly { share: Share; from: number; incarnation: number }[],
  most: Held,
  sizeOf: (record: StoredRecord) => number,
): Found[] | undefined {
  const found: Found[] = [];
  let { messages, bytes } = most;
  for (const { share, from, incarnation } of positions) {
    const partition = partitions[share.index] as Partition;
    if (incarnation !== partition.incarnation) {
      const reset = translated(partition, { offset: from, incarnation });
      found.push({ share, records: [], next: from, reset });
      continue;
    }
    const records: StoredRecord[] = [];
    let next = from;
    for (; next < partition.records.length && messages > 0 && bytes > 0; next++) {
      const record = partition.records[next];
      if (record === undefined) continue;
      records.push(record);
      messages--;
      bytes -= sizeOf(record);
    }
    if (records.length > 0) found.push({ share, records, next });
  }
  return found.length > 0 ? found : undefined;
}
