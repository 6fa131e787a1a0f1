/** A group on one topic: who its members are, and whose turn it is to be given messages. */
import { EbusError, type Settlement } from '@ebus/core/driver';
import { Batch } from './batch.js';
import { Deliveries, type MessageSource } from './deliveries.js';
import type { LogMessage } from './log-message.js';
import { FIRST_MEMBER, LAST_MEMBER } from './unsettled-offsets.js';

/** What a group needs of its topic's log. */
export interface GroupLog extends MessageSource {
  readonly name: string;
  /** The group has settled something: there may be room for writers, and messages to forget. */
  onSettled(group: ConsumerGroup): void;
}

/** A member as its group sees it. */
export interface Member {
  /** Whether it needs per-key order. */
  readonly ordered: boolean;
  /** What it has room for, whenever it is in the group's line. */
  readonly demand: { readonly messages: number; readonly bytes: number };
  /** Answers the demand. */
  deliver(batch: readonly LogMessage[]): void;
}

/** The most that one member of several is given at a time, so that work spreads while a backlog is there. */
const SHARED_SLICE = 256;

export class ConsumerGroup {
  readonly name: string;
  readonly #log: GroupLog;
  readonly #deliveries: Deliveries;
  readonly #members = new Map<Member, number>();
  /** Members with an unanswered demand, the longest waiting first. */
  readonly #line = new Set<Member>();
  #dispatching = false;
  /** Keeps its position when all its members are gone, if the topic is persistent. */
  durable: boolean;

  constructor(log: GroupLog, name: string, durable: boolean, start: number) {
    this.#log = log;
    this.name = name;
    this.durable = durable;
    this.#deliveries = new Deliveries(log, start);
  }

  get members(): number {
    return this.#members.size;
  }

  /** The log's messages from here on are needed. */
  get floor(): number {
    return this.#deliveries.floor;
  }

  /** Messages up to the end of the log that are not settled, delivered or not. */
  get unsettledCount(): number {
    return this.#deliveries.unsettledCount;
  }

  /** Of those, the ones that a member could be given now. */
  get unreadCount(): number {
    return this.#deliveries.unreadCount;
  }

  /** Everything before it is settled. */
  get position(): number {
    return this.#deliveries.position;
  }

  /** Epoch milliseconds of the oldest unsettled message. */
  get oldestTimestamp(): number | undefined {
    return this.#deliveries.oldestTimestamp;
  }

  /** What the group has not settled, oldest first. */
  unsettled(): readonly LogMessage[] {
    return this.#deliveries.unsettled();
  }

  /** Messages kept outside the log; for tests of its bounds. */
  get heldCount(): number {
    return this.#deliveries.heldCount;
  }

  join(member: Member): void {
    this.#members.set(member, this.#freeNumber());
    this.#membersChanged();
  }

  /** The member's unsettled messages go to the others; its further settlements have no effect. */
  leave(member: Member): void {
    const number = this.#members.get(member);
    if (number === undefined) return;
    this.#line.delete(member);
    this.#deliveries.giveBackAll(number);
    this.#members.delete(member);
    this.#membersChanged();
  }

  /**
   * Answers the demand of a single member now if it can. One of several is put in the line and answered by `deliver`,
   * so that it cannot take everything before the others have had time to ask.
   */
  ask(member: Member): readonly LogMessage[] | undefined {
    if (this.#members.size === 1) {
      const batch = this.#take(member, Number.POSITIVE_INFINITY);
      if (batch.length > 0) return batch;
    }
    this.#line.add(member);
    this.wake();
    return undefined;
  }

  /** The member does not wait any more. */
  leaveLine(member: Member): void {
    this.#line.delete(member);
  }

  /** There may be something for those in the line. They are served once the current call stack is done. */
  wake(): void {
    if (this.#dispatching || this.#line.size === 0) return;
    this.#dispatching = true;
    queueMicrotask(() => {
      this.#dispatching = false;
      this.#dispatch();
    });
  }

  settle(member: Member, done: readonly Settlement[]): void {
    const number = this.#members.get(member);
    if (number === undefined) return;
    if (this.#deliveries.settle(number, done)) this.wake();
    this.#log.onSettled(this);
  }

  /** The log is about to forget everything before `offset`. */
  onForget(offset: number): void {
    this.#deliveries.onForget(offset);
  }

  #dispatch(): void {
    const { size } = this.#members;
    const share =
      size === 1
        ? Number.POSITIVE_INFINITY
        : Math.min(SHARED_SLICE, Math.ceil(this.#deliveries.availableCount / size));
    for (const member of this.#line) {
      const batch = this.#take(member, share);
      if (batch.length === 0) continue;
      this.#line.delete(member);
      member.deliver(batch);
    }
  }

  #take(member: Member, share: number): readonly LogMessage[] {
    const { messages, bytes } = member.demand;
    const batch = new Batch(Math.min(messages, share), bytes);
    this.#deliveries.fill(batch, this.#members.get(member) as number);
    return batch.messages;
  }

  #membersChanged(): void {
    const ordered = [...this.#members.keys()].some((member) => member.ordered);
    this.#deliveries.keepKeysTogether(ordered && this.#members.size > 1);
    this.wake();
  }

  #freeNumber(): number {
    const taken = new Set(this.#members.values());
    for (let number = FIRST_MEMBER; number <= LAST_MEMBER; number++) if (!taken.has(number)) return number;
    throw new EbusError(`group '${this.name}' of memory topic '${this.#log.name}' has too many members`, {
      code: 'SUBSCRIBE_FAILED',
    });
  }
}
