/** A message that is published as it is, under an unguessable id: a dead letter or a redrive. */
import type { Clock } from '../clock.js';
import type { HeaderList } from '../headers.js';
import type { SpanIdentity } from '../telemetry/telemetry.js';
import { randomUuid } from '../util/uuid.js';

/** Topic, key, bytes and headers of a letter. */
export interface LetterContent {
  readonly topic: string;
  readonly key: string | Uint8Array | undefined;
  readonly value: Uint8Array;
  /** The message held null, which is not the same as zero bytes. Default false. */
  readonly tombstone?: boolean | undefined;
  readonly headers: HeaderList;
  /** Where the key does not decide. */
  readonly partition?: number | undefined;
  /** No event: a record by which the bus keeps count. It has no span. Default false. */
  readonly isNote?: boolean | undefined;
}

/** A message that is published as it is. Its id stays the same over retries, so that brokers can tell copies. */
export class Letter implements LetterContent {
  readonly topic: string;
  readonly key: string | Uint8Array | undefined;
  readonly value: Uint8Array;
  readonly tombstone: boolean;
  readonly partition: number | undefined;
  readonly isNote: boolean;
  headers: HeaderList;
  /** The span of the attempt that failed, where there was one: its letter is shown below it. */
  cause: SpanIdentity | undefined = undefined;
  /** It was sent under its present id, and it is unknown whether it was stored. */
  mayBeStored = false;
  readonly #clock: Pick<Clock, 'randomBytes'>;
  #id: string | undefined;

  constructor(
    { topic, key, value, tombstone = false, headers, partition, isNote = false }: LetterContent,
    clock: Pick<Clock, 'randomBytes'>,
  ) {
    this.topic = topic;
    this.key = key;
    this.value = value;
    this.tombstone = tombstone;
    this.headers = headers;
    this.partition = partition;
    this.isNote = isNote;
    this.#clock = clock;
  }

  /**
   * By which brokers deduplicate. It stays the same over retries, so that those are stored once. Made of chance: with an id
   * that others can work out, they could have the letter taken for one that is stored already.
   */
  get id(): string {
    this.#id ??= randomUuid(this.#clock);
    return this.#id;
  }

  /** The next attempt is another message for the broker. */
  renewId(): void {
    this.#id = undefined;
    this.mayBeStored = false;
  }
}

/** Publishes a letter to a topic that is created durable if it is missing. */
export type PublishLetter = (letter: Letter, signal: AbortSignal) => Promise<unknown>;
