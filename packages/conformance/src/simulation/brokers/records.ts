/** What the simulated brokers keep, and what they tell the history. */
import type { HeaderList } from '@ebus/core/driver';

export interface NewRecord {
  readonly key: string | Uint8Array | undefined;
  readonly value: Uint8Array;
  readonly headers: HeaderList;
  readonly messageId: string | undefined;
}

export interface StoredRecord extends NewRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Virtual milliseconds. */
  readonly at: number;
}

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
