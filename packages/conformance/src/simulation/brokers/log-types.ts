/** A log as members and groups see it. */
import type { StoredRecord } from './records.js';

/** Who is not heard of for so long is no member any more. */
export const SESSION_MS = 6_000;
/** What a member may take to give partitions back. */
export const REVOKE_MS = 8_000;

/** Where a group stands in a partition. */
export interface LogPosition {
  readonly offset: number;
  readonly incarnation: number;
}

/** One partition's log. */
export interface Partition {
  readonly index: number;
  /** Changes when the topic is made anew, and when it loses its end. */
  incarnation: number;
  /** For each change of the incarnation: up to where the log stayed the same. */
  readonly keptUpTo: number[];
  /** By offset; undefined is a marker of a transaction, or what compaction took. */
  readonly records: (StoredRecord | undefined)[];
}

/** A partition that a member is given. */
export interface Assignment {
  readonly partition: number;
  readonly epoch: number;
  readonly from: LogPosition;
}

/** A member as its group reaches it. Everything goes over the network. */
export interface GroupMember {
  readonly name: string;
  readonly isConnected: boolean;
  assigned(partitions: readonly Assignment[]): void;
  /** Answers with `group.released`. */
  revoked(partitions: readonly number[]): void;
  /** The group went on without it. */
  expelled(): void;
}

/** The same place in the log of today: where that part of it is gone, its end then. */
export function translated({ incarnation, keptUpTo }: Partition, position: LogPosition): LogPosition {
  if (position.incarnation === incarnation) return position;
  return { offset: Math.min(position.offset, ...keptUpTo.slice(position.incarnation)), incarnation };
}
