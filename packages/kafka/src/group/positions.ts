/** Which position a partition is read from: decisions, pure. */
import { decodeMetadata } from './commit-metadata.js';

/** A partition's log, as the broker describes it now. */
export interface Log {
  readonly topicId: string;
  readonly begin: number;
  readonly end: number;
}

/** A group's committed position. */
export interface Committed {
  readonly offset: number;
  readonly metadata?: string | undefined;
}

/** Where a group without a position begins, in one incarnation of the topic. */
export interface Start {
  readonly topicId: string;
  readonly offset: number;
}

/** The place where reading begins. */
export interface Position {
  readonly offset: number;
  /** After `offset`, and settled before. */
  readonly settled: readonly number[];
  /** The group has committed exactly this. */
  readonly isCommitted: boolean;
  /** The group's position lay outside of the log, for this reason. */
  readonly problem?: string;
}

/**
 * Where the group goes on. A position counts only in the log that it was made in; what lies outside of the log is no
 * position, and reading begins where the log does.
 *
 * @param start undefined for a partition that was added after the subscription was made: from its beginning
 */
export function positionOf(log: Log, committed: Committed | undefined, start: Start | undefined): Position {
  if (committed === undefined) {
    const isOfThisLog = start !== undefined && start.topicId === log.topicId && start.offset <= log.end;
    const offset = isOfThisLog ? Math.max(log.begin, start.offset) : log.begin;
    return { offset, settled: [], isCommitted: false };
  }
  const metadata = decodeMetadata(committed.metadata, committed.offset);
  const problem = outsideLog(log, committed.offset, metadata?.topicId);
  if (problem !== undefined) return { offset: log.begin, settled: [], isCommitted: false, problem };
  return { offset: committed.offset, settled: metadata?.settled ?? [], isCommitted: metadata !== undefined };
}

/** @returns why a position does not lie in the log, or undefined where it does */
export function outsideLog(log: Log, offset: number, topicId: string | undefined): string | undefined {
  if (topicId !== undefined && topicId !== log.topicId) return 'the topic was deleted and made anew';
  if (offset > log.end) return `the log ends at ${log.end}: it was cut, or restored from an older copy`;
  if (offset < log.begin) return `the log begins at ${log.begin}: retention removed what was not read`;
  return undefined;
}

/**
 * Which partitions begin at the subscription's `from`: those without a position. Where ebus has committed others of the
 * topic, one without was added since, and is read from its beginning: ebus pins every partition that there is.
 */
export function beginsAtFrom(all: readonly number[], committed: ReadonlyMap<number, Committed>): number[] {
  const isOurs = [...committed.values()].some(
    ({ offset, metadata }) => decodeMetadata(metadata, offset) !== undefined,
  );
  return isOurs ? [] : all.filter((partition) => !committed.has(partition));
}
