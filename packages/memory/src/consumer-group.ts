/** A group on one topic: which messages its members have, and who gets the next ones. */
import type { Settlement } from '@ebus/core/driver';
import { EbusError } from '@ebus/core/driver';
import { Batch } from './batch.js';
import { KeyLanes } from './key-lanes.js';
import { type LogMessage, orderKey, redeliveryOf } from './log-message.js';
import { OffsetQueue } from './offset-queue.js';
import { FIRST_MEMBER, LAST_MEMBER, UnsettledOffsets, WAITING } from './unsettled-offsets.js';

/** What a group needs of its topic's log. */
export interface GroupLog {
  readonly name: string;
  readonly end: number;
  at(offset: number): LogMessage | undefined;
  /** The group has settled something: there may be room for writers, and messages to forget. */
  onSettled(group: ConsumerGroup): void;
}

/** A member as its group sees it. */
export interface Member {
  /** Whether it needs per-key order. */
  readonly ordered: boolean;
  /** What it waits for; present exactly while it is in the group's line. */
  readonly demand: { readonly messages: number; readonly bytes: number };
  /** Answers the demand. */
  deliver(batch: readonly LogMessage[]): void;
}

/** The most that one member of several is given at a time, so that work spreads while a backlog is there. */
const SHARED_SLICE = 256;

export class ConsumerGroup {
  readonly name: string;
  readonly #log: GroupLog;
  readonly #members = new Map<Member, number>();
  readonly #unsettled: UnsettledOffsets;
  /** Unsettled messages that the log cannot give any more: redeliveries, and what it may forget meanwhile. */
  readonly #held = new Map<number, LogMessage>();
  /** Waits for any member, before anything newer. */
  readonly #returned = new OffsetQueue();
  /** Present while several members need per-key order; a single one gets everything in order anyway. */
  #lanes: KeyLanes | undefined;
  /** Members with an unanswered demand, the longest waiting first. */
  readonly #line = new Set<Member>();
  #dispatching = false;
  /** Keeps its position when all its members are gone, if the topic is persistent. */
  durable: boolean;

  constructor(log: GroupLog, name: string, durable: boolean, start: number) {
    this.#log = log;
    this.name = name;
    this.durable = durable;
    this.#unsettled = new UnsettledOffsets(start);
  }

  get members(): number {
    return this.#members.size;
  }

  /** The log's messages from here on are needed; the few older unsettled ones are held by the group itself. */
  get floor(): number {
    return this.#unsettled.floor;
  }

  /** Messages between the group's position and the end of the log that it has not settled. */
  get unsettledCount(): number {
    return this.#log.end - this.#unsettled.end + this.#unsettled.count;
  }

  /** Epoch milliseconds of the oldest unsettled message. */
  get oldestTimestamp(): number | undefined {
    return this.#message(this.#unsettled.oldest ?? this.#unsettled.end)?.timestamp;
  }

  /** Messages kept here because the log cannot give them; for tests of its bounds. */
  get heldCount(): number {
    return this.#held.size;
  }

  join(member: Member): void {
    this.#members.set(member, this.#freeNumber());
    this.#chooseOrder();
  }

  /** The member's unsettled messages go to the others; its further settlements have no effect. */
  leave(member: Member): void {
    const number = this.#members.get(member);
    if (number === undefined) return;
    this.#line.delete(member);
    const left: number[] = [];
    for (const [offset, owner] of this.#unsettled) if (owner === number) left.push(offset);
    this.#giveBack(left);
    this.#members.delete(member);
    this.#chooseOrder();
  }

  /**
   * Answers the demand of a single member now if it can. One of several is put in the line and answered by `deliver`,
   * so that it cannot take everything before the others have had time to ask.
   */
  ask(member: Member): LogMessage[] | undefined {
    if (this.#members.size === 1) {
      const batch = this.#take(member, this.#share());
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

  /** Ignores what the member does not have: settled before, or given back by leaving. */
  settle(member: Member, done: readonly Settlement[]): void {
    const number = this.#members.get(member);
    if (number === undefined) return;
    let released: number[] | undefined;
    for (const { token, outcome } of done) {
      const offset = token as number;
      if (this.#unsettled.ownerOf(offset) !== number) continue;
      if (outcome === 'released') {
        released ??= [];
        released.push(offset);
      } else {
        this.#settleOne(offset);
      }
    }
    this.#unsettled.advance(this.#hold);
    if (released !== undefined) this.#giveBack(released);
    this.#log.onSettled(this);
    if (this.#lanes !== undefined) this.wake();
  }

  /** The log is about to forget everything before `offset`. What members have or had stays theirs. */
  onForget(offset: number): void {
    if (offset > this.#unsettled.floor) this.#unsettled.parkBefore(offset, this.#hold);
  }

  #settleOne(offset: number): void {
    if (this.#lanes !== undefined) {
      const key = orderKey(this.#message(offset) as LogMessage);
      if (key !== undefined) this.#lanes.settled(key);
    }
    this.#unsettled.settle(offset);
    if (this.#held.size > 0) this.#held.delete(offset);
  }

  #giveBack(offsets: readonly number[]): void {
    const unkeyed: LogMessage[] = [];
    for (const offset of offsets) {
      const message = redeliveryOf(this.#message(offset) as LogMessage);
      this.#held.set(offset, message);
      this.#unsettled.assign(offset, WAITING);
      const key = this.#lanes === undefined ? undefined : orderKey(message);
      if (key === undefined) unkeyed.push(message);
      else this.#lanes?.released(key, message);
    }
    if (unkeyed.length > 0) this.#returned.merge(unkeyed);
    if (offsets.length > 0) this.wake();
  }

  #dispatch(): void {
    const share = this.#share();
    for (const member of this.#line) {
      const batch = this.#take(member, share);
      if (batch.length === 0) continue;
      this.#line.delete(member);
      member.deliver(batch);
    }
  }

  /** How much one member may be given: everything, unless there are others. */
  #share(): number {
    const { size } = this.#members;
    if (size < 2) return Number.POSITIVE_INFINITY;
    const waiting =
      this.#log.end - this.#unsettled.end + this.#returned.length + (this.#lanes?.waitingCount ?? 0);
    return Math.min(SHARED_SLICE, Math.ceil(waiting / size));
  }

  #take(member: Member, share: number): LogMessage[] {
    const number = this.#members.get(member) as number;
    const batch = new Batch(Math.min(member.demand.messages, share), member.demand.bytes);
    if (this.#takeReturned(batch, number)) {
      if (this.#lanes === undefined) this.#takeFromLog(batch, number);
      else this.#takeInLanes(batch, number, this.#lanes);
    }
    return batch.messages;
  }

  /** False if the batch was full before the end. */
  #takeReturned(batch: Batch, number: number): boolean {
    for (let next = this.#returned.peek(); next !== undefined; next = this.#returned.peek()) {
      if (!batch.add(next)) return false;
      this.#returned.shift();
      this.#unsettled.assign(next.token, number);
    }
    return true;
  }

  #takeFromLog(batch: Batch, number: number): void {
    const { end } = this.#log;
    for (let offset = this.#unsettled.end; offset < end; offset++) {
      if (!batch.add(this.#log.at(offset) as LogMessage)) return;
      this.#unsettled.take(number);
    }
  }

  #takeInLanes(batch: Batch, number: number, lanes: KeyLanes): void {
    const onTaken = (message: LogMessage) => this.#unsettled.assign(message.token, number);
    const more = lanes.fill(batch, number, onTaken);
    for (let offset = this.#unsettled.end; more && offset < this.#log.end; offset++) {
      const message = this.#log.at(offset) as LogMessage;
      const key = orderKey(message);
      if (key !== undefined && !lanes.mayTake(key, number)) {
        lanes.wait(key, message);
        this.#unsettled.take(WAITING);
        continue;
      }
      if (!batch.add(message)) break;
      if (key !== undefined) lanes.taken(key, number);
      this.#unsettled.take(number);
    }
    batch.sort();
  }

  /** Begins or ends keeping track of keys, as members come and go. */
  #chooseOrder(): void {
    const needed = this.#members.size > 1 && [...this.#members.keys()].some((member) => member.ordered);
    if (needed && this.#lanes === undefined) {
      this.#lanes = this.#lanesNow();
    } else if (!needed && this.#lanes !== undefined) {
      this.#returned.merge(this.#lanes.drain());
      this.#lanes = undefined;
    }
    this.wake();
  }

  #lanesNow(): KeyLanes {
    const lanes = new KeyLanes();
    for (const [offset, owner] of this.#unsettled) {
      const key = owner === WAITING ? undefined : orderKey(this.#message(offset) as LogMessage);
      if (key !== undefined) lanes.taken(key, owner);
    }
    const unkeyed: LogMessage[] = [];
    for (const message of this.#returned.drain()) {
      const key = orderKey(message);
      if (key === undefined) unkeyed.push(message);
      else lanes.wait(key, message);
    }
    this.#returned.merge(unkeyed);
    return lanes;
  }

  #freeNumber(): number {
    const taken = new Set(this.#members.values());
    for (let number = FIRST_MEMBER; number <= LAST_MEMBER; number++) if (!taken.has(number)) return number;
    throw new EbusError(`group '${this.name}' of memory topic '${this.#log.name}' has too many members`, {
      code: 'SUBSCRIBE_FAILED',
    });
  }

  #message(offset: number): LogMessage | undefined {
    return this.#held.get(offset) ?? this.#log.at(offset);
  }

  readonly #hold = (offset: number) => {
    if (!this.#held.has(offset)) this.#held.set(offset, this.#log.at(offset) as LogMessage);
  };
}
