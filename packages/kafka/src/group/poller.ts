/** Polls a group's consumer as far as its topics have room, and keeps it in its group while none has. */
import type { Message } from '@confluentinc/kafka-javascript';
import type { NativeConsumer } from '../native-client.js';
import type { TopicPartition } from '../questions.js';
import { poll } from './consumer-client.js';
import { interleaved } from './interleaved.js';
import type { KafkaDelivery, Partition } from './partition.js';
import type { TopicShare } from './topic-share.js';

/** Messages of one poll, at most. */
export const BATCH = 500;
/** Of the first poll, and of one after large messages: a compressed batch may hold more of them than there is room for. */
const FEW = 32;
const LARGE_BYTES = 8 * 1024 * 1024;
/**
 * Ticks without polling, after which topics without room are paused: their fetched messages are fetched again, and the client needs a
 * second until it fetches on after a pause.
 */
const MAX_IDLE = 8;
/** So many messages are taken without room, one by one, to get at the answer to a commit. Then topics without room are paused. */
const MAX_AHEAD = 32;

interface PollerOptions {
  readonly consumer: NativeConsumer;
  shares(): Iterable<TopicShare>;
  shareOf(topic: string): TopicShare | undefined;
  /** Pauses and resumes partitions by their room. */
  adjust(share: TopicShare): void;
  failed(error: unknown): void;
}

/** Polled without room: handed over once there is some, if the partition still stands where it stood. */
interface Ahead {
  readonly message: Message;
  readonly partition: Partition;
  readonly tracker: Partition['tracker'];
}

/** The end of a log, where the client has read up to it. */
interface End {
  readonly partition: Partition;
  readonly offset: number;
}

/** One poll at a time. Topics that stay without room are paused at the client before the group could expel this member. */
export class Poller {
  readonly #options: PollerOptions;
  #polling: Promise<void> | undefined;
  /** Seeks that polling waits for. */
  #seeks = 0;
  /** Messages of the next poll. */
  #batch = FEW;
  /** Ticks since it polled. */
  #idle = 0;
  /** In the order of the client, before all that it is polled for. */
  #ahead: Ahead[] = [];
  /** An answer is looked for. */
  #isAsked = false;
  #ends: End[] = [];
  #mayHaveMore = false;
  #stopped = false;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  /** There may be messages. */
  readable(): void {
    this.#mayHaveMore = true;
    this.pump();
  }

  /** Called every `TICK_MS`: a consumer that does not poll is expelled from its group. */
  tick(): void {
    for (const share of this.#options.shares()) {
      if (!share.isStalled || !share.hasRoom) continue;
      share.isStalled = false;
      this.#options.adjust(share);
    }
    this.#idle++;
    if (this.#idle >= MAX_IDLE) this.serve();
    else this.readable();
  }

  /** A rebalance waits for an answer that only polling brings: topics without room are paused, and it polls. */
  serve(): void {
    if (this.#polling === undefined) this.#stall(({ hasRoom }) => !hasRoom);
    this.readable();
  }

  /** Looks for the answer to a commit, which the client gives before messages: one of these may come with it. */
  ask(): void {
    if (!this.#mayTakeAhead) return this.serve();
    this.#isAsked = true;
    this.readable();
  }

  /** Reading has reached the end of the log there. Said before the messages that were polled with it. */
  ended({ topic, partition: id, offset }: TopicPartition & { readonly offset: number }): void {
    const partition = this.#options.shareOf(topic)?.partitions.get(id);
    if (partition !== undefined) this.#ends.push({ partition, offset });
  }

  /**
   * Runs a seek of the partition while nothing is polled: what the client had read from elsewhere was taken, or dropped, before. Other
   * partitions wait for it.
   */
  async whileResting(partition: Partition, seek: () => Promise<void>): Promise<void> {
    this.#seeks++;
    try {
      await this.#polling;
      this.#ends = this.#ends.filter((end) => end.partition !== partition);
      await seek();
    } finally {
      this.#seeks--;
      this.pump();
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  pump(): void {
    if (this.#polling !== undefined || this.#stopped) return;
    if (this.#ahead.length > 0) this.#handAhead();
    this.#poll();
  }

  #poll(): void {
    if (this.#polling !== undefined || this.#stopped || !this.#mayHaveMore || this.#seeks > 0) return;
    const room = this.#most();
    const most = room === 0 && this.#isAsked && this.#mayTakeAhead ? 1 : room;
    if (most === 0) return;
    this.#isAsked = false;
    this.#idle = 0;
    this.#mayHaveMore = false;
    this.#polling = poll(this.#options.consumer, most).then(
      (messages) => this.#polled(messages, most),
      (error: unknown) => {
        this.#polling = undefined;
        if (this.#stopped) return;
        // There may be something behind the error.
        this.#mayHaveMore = true;
        this.#options.failed(error);
        this.pump();
      },
    );
  }

  /** The queue is all topics': where one has room and another has not, the other is paused. */
  #most(): number {
    let most = this.#batch;
    let isWaited = false;
    let isFull = false;
    for (const share of this.#options.shares()) {
      if (!isFetched(share)) continue;
      if (share.hasRoom) most = Math.min(most, share.room);
      isWaited ||= share.hasRoom;
      isFull ||= !share.hasRoom;
    }
    if (isFull && !isWaited) return 0;
    if (isFull) this.#stall(({ hasRoom }) => !hasRoom);
    return most;
  }

  #stall(which: (share: TopicShare) => boolean): void {
    for (const share of this.#options.shares()) {
      if (!isFetched(share) || !which(share)) continue;
      share.isStalled = true;
      this.#options.adjust(share);
    }
  }

  #polled(messages: readonly Message[], most: number): void {
    this.#polling = undefined;
    if (this.#stopped) return;
    this.#mayHaveMore ||= messages.length === most;
    const waiting = this.#waiting();
    if (waiting.size === 0) this.#take(messages);
    else {
      for (const message of messages) if (waiting.has(message.topic)) this.#keep(message);
      this.#take(messages.filter(({ topic }) => !waiting.has(topic)));
    }
    this.pump();
  }

  /** Topics whose messages may not be handed over: they have no room, or others wait. */
  #waiting(): ReadonlySet<string> {
    const waiting = new Set(this.#ahead.map(({ partition }) => partition.topic));
    for (const share of this.#options.shares())
      if (isFetched(share) && !share.hasRoom) waiting.add(share.topic);
    return waiting;
  }

  get #mayTakeAhead(): boolean {
    let bytes = 0;
    for (const { message } of this.#ahead) bytes += message.size;
    return this.#ahead.length < MAX_AHEAD && bytes < LARGE_BYTES;
  }

  #keep(message: Message): void {
    const partition = this.#options.shareOf(message.topic)?.partitions.get(message.partition);
    partition?.passOver(message.offset);
    if (partition?.isOpen === true) this.#ahead.push({ message, partition, tracker: partition.tracker });
  }

  /** As far as there is room, in order. One whose partition went or was positioned anew is read again, here or elsewhere. */
  #handAhead(): void {
    const ahead = this.#ahead;
    this.#ahead = [];
    const ready: Message[] = [];
    const taken = new Map<TopicShare, number>();
    for (const held of ahead) {
      const { message, partition, tracker } = held;
      const share = this.#options.shareOf(message.topic);
      const isThere = share?.partitions.get(message.partition) === partition;
      if (share?.reader === undefined || !isThere || partition.tracker !== tracker) continue;
      const count = taken.get(share) ?? 0;
      if (count >= share.room) this.#ahead.push(held);
      else {
        ready.push(message);
        taken.set(share, count + 1);
      }
    }
    this.#take(ready);
  }

  #take(messages: readonly Message[]): void {
    let share: TopicShare | undefined;
    let partition: Partition | undefined;
    let batch: KafkaDelivery[] = [];
    let full: TopicShare | undefined;
    let bytes = 0;
    for (const message of messages) {
      bytes += message.size;
      if (partition?.topic !== message.topic || partition.partition !== message.partition) {
        if (share?.topic !== message.topic) {
          count(share, batch);
          hand(share, batch);
          batch = [];
          share = this.#options.shareOf(message.topic);
        }
        partition = share?.partitions.get(message.partition);
      }
      // Of a partition that has just gone, whoever has it now reads it; of a log that is in doubt, it is read again.
      if (partition?.isOpen !== true) {
        partition?.passOver(message.offset);
        continue;
      }
      const delivery = partition.receive(message);
      if (delivery !== undefined) batch.push(delivery);
      if (partition.isFull && !partition.paused) full = share;
    }
    if (messages.length > 0) this.#batch = bytes > LARGE_BYTES ? FEW : Math.min(BATCH, 2 * this.#batch);
    count(share, batch);
    // A thread of the client takes the next messages off its queue while these are decoded and handled.
    if (this.#ahead.length === 0) this.#poll();
    hand(share, batch);
    if (full !== undefined) this.#options.adjust(full);
    // What is ahead lies before the ends.
    if (this.#ahead.length === 0) this.#reachedEnds();
  }

  #reachedEnds(): void {
    for (const { partition, offset } of this.#ends) {
      const share = this.#options.shareOf(partition.topic);
      partition.reachedEnd(offset);
      share?.resumed();
    }
    this.#ends = [];
  }
}

/** Of a topic without partitions here there are no messages. */
function isFetched({ reader, isStalled, partitions }: TopicShare): boolean {
  return reader !== undefined && !isStalled && partitions.size > 0;
}

/** They take room of their topic. */
function count(share: TopicShare | undefined, batch: readonly KafkaDelivery[]): void {
  if (share === undefined || batch.length === 0) return;
  let bytes = 0;
  for (const { size } of batch) bytes += size;
  share.used(batch.length, bytes);
}

function hand(share: TopicShare | undefined, batch: readonly KafkaDelivery[]): void {
  if (share === undefined || batch.length === 0) return;
  share.resumed();
  share.reader?.push(interleaved(batch));
}
