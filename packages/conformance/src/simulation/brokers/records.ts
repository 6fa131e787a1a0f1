/** What the simulated brokers keep, and what they tell the history. */
import {
  findHeader,
  type HeaderList,
  headerText,
  type IncomingMessage,
  type Persistence,
} from '@ebus/core/driver';
import { EPOCH } from '../time/virtual-clock.js';

/** A message as a producer sends it. */
export interface NewRecord {
  readonly key: string | Uint8Array | undefined;
  readonly value: Uint8Array;
  readonly tombstone: boolean;
  readonly headers: HeaderList;
  readonly messageId: string | undefined;
}

/** A message in a log. */
export interface StoredRecord extends NewRecord {
  readonly topic: string;
  /** The way that it takes to its groups. */
  readonly persistence: Persistence;
  readonly partition: number;
  readonly offset: number;
  /** Virtual milliseconds. */
  readonly at: number;
}

/** Facts that a broker reports to the books and the history. */
export interface BrokerEvents {
  stored(record: StoredRecord): void;
  gave(record: StoredRecord, to: string): void;
  /** The broker forgot it, and nobody will get it (again). */
  forgotten(record: StoredRecord): void;
  count(event: string): void;
  problem(kind: string, text: string): void;
}

/** One delivery of a message to one member. */
export interface Given {
  /** By what the broker knows, nobody else may have it at this moment. */
  isValid(): boolean;
  /** Core was told that it is another's: nothing of it may begin any more. */
  isTaken(): boolean;
  /** By what the process can know, its lease ran out so many milliseconds ago: nothing of it may begin. 0 where it did not. */
  ranOutAgo?(): number;
}

/** Where a message with an empty value has its id. */
export const ID_HEADER = 'sim-id';

/** The id of a message without an envelope; empty where it has none. */
export function idInHeaders(headers: HeaderList): string {
  return headerText(findHeader(headers, ID_HEADER) ?? '');
}

/** What a member makes of it; `value` is of this delivery alone. */
export function incoming(
  { topic, key, tombstone, headers, messageId, at }: StoredRecord,
  value: Uint8Array,
): Omit<IncomingMessage, 'token'> {
  return { topic, key, value, tombstone, headers, messageId, timestamp: Math.floor(EPOCH + at) };
}
