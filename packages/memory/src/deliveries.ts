/** A group's messages of a log: delivered and unsettled, given back, or passed over for the sake of order. */
import type { Settlement } from '@ebus/core/driver';
import type { Batch } from './batch.js';
import { KeyLanes } from './key-lanes.js';
import { type LogMessage, orderKey, redeliveryOf } from './log-message.js';
import { OffsetQueue } from './offset-queue.js';
import { UnsettledOffsets, WAITING } from './unsettled-offsets.js';

/** Where a group's messages come from. */
export interface MessageSource {
  /** The offset of the next message to be written. */
  readonly end: number;
  at(offset: number): LogMessage | undefined;
}

/** Members are numbers, as in `UnsettledOffsets`. */
export class Deliveries {
  readonly #log: MessageSource;
  readonly #unsettled: UnsettledOffsets;
  /** Unsettled messages that the log cannot give any more: redeliveries, and what it may forget meanwhile. */
  readonly #held = new Map<number, LogMessage>();
  /** Waits for any member, before anything newer. */
  readonly #returned = new OffsetQueue();
  /** Present while keys are to be kept together. */
  #lanes: KeyLanes | undefined;

  constructor(log: MessageSource, start: number) {
    this.#log = log;
    this.#unsettled = new UnsettledOffsets(start);
  }

  /** The log's messages from here on are needed; the few older unsettled ones are held here. */
  get floor(): number {
    return this.#unsettled.floor;
  }

  /** Messages up to the end of the log that are not settled, delivered or not. */
  get unsettledCount(): number {
    return this.#log.end - this.#unsettled.end + this.#unsettled.count;
  }

  /** Messages that are at no member; some may have to wait for one that has others of their key. */
  get availableCount(): number {
    return this.#log.end - this.#unsettled.end + this.#returned.length + (this.#lanes?.waitingCount ?? 0);
  }

  /** Messages that could be given to a member now. */
  get unreadCount(): number {
    return this.#log.end - this.#unsettled.end + this.#returned.length;
  }

  /** The oldest unsettled offset, or the next one that there will be. */
  get position(): number {
    return this.#unsettled.oldest ?? this.#unsettled.end;
  }

  /** Messages kept here because the log cannot give them; for tests of its bounds. */
  get heldCount(): number {
    return this.#held.size;
  }

  /** Of the unsettled ones. */
  get oldest(): LogMessage | undefined {
    return this.#message(this.position);
  }

  /** Unsettled messages, delivered or not, oldest first. For browsing: it takes nothing. */
  unsettled(): LogMessage[] {
    const messages: LogMessage[] = [];
    const add = (offset: number) => {
      const message = this.#message(offset);
      if (message !== undefined) messages.push(message);
    };
    for (const [offset] of this.#unsettled) add(offset);
    for (let offset = this.#unsettled.end; offset < this.#log.end; offset++) add(offset);
    return messages.sort((a, b) => a.token - b.token);
  }

  /** Gives the member what comes next for it: what came back or waited, then what is new. */
  fill(batch: Batch, member: number): void {
    if (!this.#fillFromReturned(batch, member)) return;
    if (this.#lanes === undefined) this.#fillFromLog(batch, member);
    else this.#fillInLanes(batch, member, this.#lanes);
  }

  /** Ignores what the member does not have: settled before, or given back. True if others may be given more now. */
  settle(member: number, done: readonly Settlement[]): boolean {
    let released: number[] | undefined;
    for (const { token, outcome } of done) {
      const offset = token as number;
      if (this.#unsettled.ownerOf(offset) !== member) continue;
      if (outcome === 'released') {
        released ??= [];
        released.push(offset);
      } else {
        this.#settleOne(offset);
      }
    }
    this.#unsettled.advance(this.#hold);
    if (released !== undefined) this.#giveBack(released);
    return released !== undefined || this.#lanes !== undefined;
  }

  /** All that the member has may be given to others. */
  giveBackAll(member: number): void {
    const offsets: number[] = [];
    for (const [offset, owner] of this.#unsettled) if (owner === member) offsets.push(offset);
    this.#giveBack(offsets);
  }

  /**
   * Begins or ends keeping each key at one member. With a single member that is needless: it is given everything in
   * order anyway.
   */
  keepKeysTogether(needed: boolean): void {
    if (needed && this.#lanes === undefined) {
      this.#lanes = this.#lanesNow();
    } else if (!needed && this.#lanes !== undefined) {
      this.#returned.merge(this.#lanes.drain());
      this.#lanes = undefined;
    }
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
    const free: LogMessage[] = [];
    const byKey = new Map<string, LogMessage[]>();
    for (const offset of offsets) {
      const message = redeliveryOf(this.#message(offset) as LogMessage);
      this.#held.set(offset, message);
      this.#unsettled.assign(offset, WAITING);
      const key = this.#lanes === undefined ? undefined : orderKey(message);
      const same = key === undefined ? free : byKey.get(key);
      if (same !== undefined) same.push(message);
      else byKey.set(key as string, [message]);
    }
    // Key by key: one by one, each would be sorted in among all that wait.
    for (const [key, messages] of byKey) this.#lanes?.released(key, messages);
    if (free.length > 0) this.#returned.merge(free);
  }

  /** False if the batch was full before the end. */
  #fillFromReturned(batch: Batch, member: number): boolean {
    for (let next = this.#returned.peek(); next !== undefined; next = this.#returned.peek()) {
      if (!batch.add(next)) return false;
      this.#returned.shift();
      this.#unsettled.assign(next.token, member);
    }
    return true;
  }

  #fillFromLog(batch: Batch, member: number): void {
    const { end } = this.#log;
    for (let offset = this.#unsettled.end; offset < end; offset++) {
      if (!batch.add(this.#log.at(offset) as LogMessage)) return;
      this.#unsettled.take(member);
    }
  }

  #fillInLanes(batch: Batch, member: number, lanes: KeyLanes): void {
    const onTaken = (message: LogMessage) => this.#unsettled.assign(message.token, member);
    const more = lanes.fill(batch, member, onTaken);
    for (let offset = this.#unsettled.end; more && offset < this.#log.end; offset++) {
      const message = this.#log.at(offset) as LogMessage;
      const key = orderKey(message);
      if (key !== undefined && !lanes.mayTake(key, member)) {
        lanes.wait(key, message);
        this.#unsettled.take(WAITING);
        continue;
      }
      if (!batch.add(message)) break;
      if (key !== undefined) lanes.taken(key, member);
      this.#unsettled.take(member);
    }
    batch.sort();
  }

  #lanesNow(): KeyLanes {
    const lanes = new KeyLanes();
    for (const [offset, owner] of this.#unsettled) {
      const key = owner === WAITING ? undefined : orderKey(this.#message(offset) as LogMessage);
      if (key !== undefined) lanes.taken(key, owner);
    }
    const free: LogMessage[] = [];
    for (const message of this.#returned.drain()) {
      const key = orderKey(message);
      if (key === undefined) free.push(message);
      else lanes.wait(key, message);
    }
    this.#returned.merge(free);
    return lanes;
  }

  #message(offset: number): LogMessage | undefined {
    return this.#held.get(offset) ?? this.#log.at(offset);
  }

  readonly #hold = (offset: number) => {
    if (!this.#held.has(offset)) this.#held.set(offset, this.#log.at(offset) as LogMessage);
  };
}
